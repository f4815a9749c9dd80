import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { startFakeOllama, type FakeOllama } from '@tutti/testing';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { chatModel, embedModel, thinkingModel, toolsModel } from '../recipes.ts';
import { startOllama, type RealOllama } from '../start-ollama.ts';
import { mirroredModels } from './mirror.ts';

const ollama = inject('ollama');

/** One request after another, each with what it may do to the models in memory. */
type Step = readonly [path: '/api/chat' | '/api/generate' | '/api/embed', body: object];

interface Resident {
  readonly model: string;
  readonly numCtx: number;
  /** For how long it stays, rounded. */
  readonly keptMinutes: number;
}

interface Effect {
  readonly step: string;
  /** Loads since the start. */
  readonly loads: number;
  readonly resident: readonly Resident[];
}

const brief = { num_predict: 1, temperature: 0 };
const generate = (model: string, options: object = {}, more: object = {}): Step => [
  '/api/generate',
  { model, prompt: 'x', stream: false, options: { ...brief, ...options }, ...more },
];
const embed = (model: string, more: object = {}): Step => ['/api/embed', { model, input: 'x', ...more }];

const sequences: Readonly<Record<string, readonly Step[]>> = {
  'another context is a reload, unset is the default, sampling is nothing': [
    generate(chatModel),
    generate(chatModel, { num_ctx: 2048 }),
    generate(chatModel, { num_ctx: 1024 }),
    generate(chatModel, { num_ctx: 1024, temperature: 1, seed: 3, num_keep: 2 }),
    generate(chatModel),
    generate(chatModel, { num_ctx: 1 }),
    generate(chatModel, { num_ctx: 4 }),
    generate(chatModel, { num_ctx: 100_000 }),
    generate(chatModel, { num_ctx: 90_000 }),
    generate(chatModel, { num_ctx: 100_000 }),
  ],
  'other runner options are a reload too': [
    generate(chatModel, { num_batch: 64 }),
    generate(chatModel, { num_batch: 64 }),
    generate(chatModel),
    generate(chatModel, { num_thread: 2 }),
    generate(chatModel, { num_thread: 1 }),
    generate(chatModel, { use_mmap: false }),
    generate(chatModel, { unknown_option: 1 }),
  ],
  'an embedding with the model of a chat': [
    generate(chatModel, { num_ctx: 1024 }),
    embed(chatModel),
    embed(chatModel, { options: { num_ctx: 1024 } }),
    ['/api/chat', { model: chatModel, messages: [{ role: 'user', content: 'x' }], stream: false, options: brief }],
  ],
  'an embedding model with more context than it has': [
    embed(embedModel),
    embed(embedModel, { options: { num_ctx: 4096 } }),
    embed(embedModel, { options: { num_ctx: 8192 } }),
  ],
  'keep_alive: what a request does not say stays': [
    generate(chatModel, {}, { keep_alive: '20m' }),
    generate(chatModel),
    generate(chatModel, {}, { keep_alive: 600 }),
    embed(chatModel),
    generate(chatModel, { num_ctx: 512 }),
    generate(chatModel, { num_ctx: 512 }, { keep_alive: 0 }),
    generate(chatModel, { num_ctx: 512 }),
  ],
  'unloading, twice, and loading without a prompt': [
    ['/api/generate', { model: chatModel }],
    ['/api/generate', { model: chatModel, keep_alive: 0 }],
    ['/api/generate', { model: chatModel, keep_alive: 0 }],
    ['/api/chat', { model: chatModel, messages: [], options: { num_ctx: 512 } }],
    generate(chatModel, { num_ctx: 512 }),
  ],
  'three models, where two may stay': [
    generate(chatModel, {}, { keep_alive: '30m' }),
    embed(embedModel, { keep_alive: '10m' }),
    generate(toolsModel, {}, { keep_alive: '20m' }),
    generate(chatModel),
    embed(embedModel, { keep_alive: '10m' }),
    generate(thinkingModel, {}, { keep_alive: -1 }),
    generate(chatModel),
    generate(toolsModel, {}, { keep_alive: '1m' }),
    generate(thinkingModel),
  ],
};

describe.skipIf(!ollama.available)('the fake Ollama loads when the real one does', () => {
  it.each(Object.entries(sequences))('%s', async (_, steps) => {
    if (!ollama.available) return;
    const real = await startOllama({ ...ollama, env: { OLLAMA_MAX_LOADED_MODELS: '2' } });
    const models = await mirroredModels(real.url);
    const fake = await startFakeOllama({ models, contextLength: 2048, maxLoadedModels: 2 });
    const seen = new Set<string>();
    try {
      for (const step of steps) {
        for (const { url } of [fake, real]) await send(url, step);
        const title = `${step[0]} ${JSON.stringify(step[1])}`;
        const expected: Effect = { step: title, loads: fake.loads, resident: await residentModels(fake.url) };
        // The real one lets go of a request a moment after its answer.
        await expect
          .poll(async (): Promise<Effect> => {
            const loads = await startedRunners(real.pid, seen);
            return { step: title, loads, resident: await residentModels(real.url) };
          })
          .toEqual(expected);
      }
    } finally {
      await fake.close();
      await real.close();
    }
  });
});

describe.skipIf(!ollama.available)("calls that get in each other's way, on the fake Ollama and on the real one", () => {
  const keepMs = 2000;
  let real: RealOllama;
  let fake: FakeOllama;

  beforeAll(async () => {
    if (!ollama.available) return;
    const limits = { OLLAMA_MAX_LOADED_MODELS: '1', OLLAMA_NUM_PARALLEL: '2' };
    real = await startOllama({ ...ollama, env: limits });
    const models = await mirroredModels(real.url);
    const speed = { tokens: 100, tokenDelayMs: 15, loadMs: 400 };
    fake = await startFakeOllama({ models, contextLength: 2048, maxLoadedModels: 1, parallel: 2, ...speed });
  });

  afterAll(async () => {
    await fake?.close();
    await real?.close();
  });

  it.each(['fake', 'real'])('%s: a keep-alive saves a model that is to go, and the load waits on', async (which) => {
    const { url } = which === 'fake' ? fake : real;
    const body = { model: chatModel, prompt: 'Write', raw: true, options: { num_predict: 100, temperature: 0 } };
    const long = await fetch(`${url}/api/generate`, { method: 'POST', body: JSON.stringify(body) });
    const evicting = send(url, embed(embedModel)).then(() => performance.now());
    await pause(100);
    await send(url, generate(chatModel, {}, { keep_alive: keepMs / 1000 }));
    await long.text();
    const longEndedMs = performance.now();
    expect((await evicting) - longEndedMs).toBeGreaterThan(keepMs - 500);
  });

  it.each(['fake', 'real'])('%s: a client that leaves takes with it the load that it caused', async (which) => {
    const seen = new Set<string>();
    const loads = async (): Promise<number> => (which === 'fake' ? fake.loads : startedRunners(real.pid, seen));
    const { url } = which === 'fake' ? fake : real;
    await send(url, embed(embedModel));
    const before = await loads();
    const leaving = new AbortController();
    const gone = expect(send(url, generate(chatModel), leaving.signal)).rejects.toThrow('aborted');
    await expect.poll(loads, { interval: 5 }).toBe(before + 1);
    const next = send(url, generate(chatModel));
    await pause(20);
    leaving.abort();
    await gone;
    await next;
    expect(await loads()).toBe(before + 2);
  });
});

/** Nothing shows from outside that a request is in line. */
function pause(delayMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, delayMs));
}

async function send(url: string, [path, body]: Step, signal: AbortSignal | null = null): Promise<void> {
  const response = await fetch(`${url}${path}`, { method: 'POST', body: JSON.stringify(body), signal });
  expect(response.status, await response.text()).toBe(200);
}

/** How many runner processes a server has had, with those in `seen`: each load starts one. */
async function startedRunners(pid: number, seen: Set<string>): Promise<number> {
  const { stdout } = await promisify(execFile)('ps', ['-A', '-o', 'pid=,ppid=']);
  for (const [, child = '', parent] of stdout.matchAll(/(\d+)\s+(\d+)/g)) {
    if (parent === String(pid)) seen.add(child);
  }
  return seen.size;
}

async function residentModels(url: string): Promise<Resident[]> {
  const response = await fetch(`${url}/api/ps`);
  const { models } = (await response.json()) as {
    models: { name: string; context_length: number; expires_at: string }[];
  };
  const resident = models.map(({ name, context_length: numCtx, expires_at: expires }) => ({
    model: name,
    numCtx,
    keptMinutes: Math.min(1e6, Math.round((Date.parse(expires) - Date.now()) / 60_000)),
  }));
  return resident.toSorted((a, b) => (a.model < b.model ? -1 : 1));
}
