import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { virtualClock } from '../virtual-clock.ts';
import type { FakeStats } from './control.ts';
import type { FakeOllama } from './fake-ollama.ts';
import { fakesForTests, post } from './requests.fixture.ts';

const start = fakesForTests();

/** Of 1,000,000 bytes each, without context. */
const models = ['a', 'b', 'c'].map((name) => ({ name, sizeBytes: 1_000_000, bytesPerToken: 0 }));

interface Answer {
  readonly status: number;
  readonly error?: string;
  readonly load_duration: number;
  readonly prompt_eval_count: number;
  readonly prompt_eval_duration: number;
  readonly eval_duration: number;
}

async function generate(fake: FakeOllama, model: string, more: object = {}, signal?: AbortSignal): Promise<Answer> {
  const response = await post(fake, '/api/generate', { model, prompt: 'x', stream: false, ...more }, signal);
  return { status: response.status, ...((await response.json()) as Omit<Answer, 'status'>) };
}

const resident = (fake: FakeOllama): string[] => fake.runners.map(({ model }) => model).toSorted();

describe('with a memory limit', () => {
  it('evicts the idle model with the shortest keep-alive', async () => {
    const fake = await start({ models, memoryBytes: 2_500_000 });
    await generate(fake, 'a', { keep_alive: '20m' });
    await generate(fake, 'b', { keep_alive: '10m' });
    await generate(fake, 'c');
    expect(resident(fake)).toEqual(['a:latest', 'c:latest']);
    expect([fake.loads, fake.evictions, fake.reloads]).toEqual([3, 1, 0]);
  });

  it('shows how much of it a model takes', async () => {
    const fake = await start({
      models: [{ name: 'a', sizeBytes: 1000, bytesPerToken: 2 }],
      memoryBytes: 1e9,
      parallel: 3,
    });
    await generate(fake, 'a', { options: { num_ctx: 100 } });
    const response = await fetch(`${fake.url}/api/ps`);
    expect(await response.json()).toMatchObject({ models: [{ size: 1600, size_vram: 1600, context_length: 100 }] });
  });

  it('says that a model does not fit', async () => {
    const fake = await start({ models, memoryBytes: 500_000 });
    expect(await generate(fake, 'a')).toMatchObject({
      status: 500,
      error: 'model requires more system memory (0.0 GiB) than is available (0.0 GiB)',
    });
  });
});

describe('loading', () => {
  it('reloads for another num_ctx, whichever way it was said, and for nothing else', async () => {
    const fake = await start({ contextLength: 2048 });
    const model = 'smollm2:135m';
    for (const options of [{}, { num_ctx: 2048 }, { temperature: 0 }, { num_ctx: 4096 }, {}]) {
      await generate(fake, model, { options });
    }
    expect([fake.loads, fake.reloads]).toEqual([3, 2]);
  });

  it('takes its own time for each model, one after the other', async () => {
    const clock = virtualClock();
    const fake = await start({ clock, loadMs: 1000, models: ['a', { name: 'b', loadMs: 200 }] });
    const [first, second] = [generate(fake, 'a'), generate(fake, 'b')];
    await Promise.all([fake.whenRequest('/api/generate', 1), fake.whenRequest('/api/generate', 2)]);
    await clock.advance(1200);
    const loads = [await first, await second].map(({ load_duration: ns }) => ns / 1e6);
    // Whichever came first.
    const orders = [
      [1000, 1200],
      [1200, 200],
    ];
    expect(orders).toContainEqual(loads);
  });

  it('is busy when too many wait for a load; a model in memory is there all the same', async () => {
    const clock = virtualClock();
    const fake = await start({ clock, models, loadMs: 1000, maxQueue: 0 });
    const first = generate(fake, 'a');
    await fake.whenRequest('/api/generate', 1);
    await clock.advance(1000);
    await first;
    const loading = generate(fake, 'b');
    await fake.whenRequest('/api/generate', 2);
    const next = generate(fake, 'c');
    await fake.whenRequest('/api/generate', 3);
    expect(await generate(fake, 'c')).toMatchObject({
      status: 503,
      error: 'server busy, please try again.  maximum pending requests exceeded',
    });
    expect(await generate(fake, 'a')).toMatchObject({ status: 200 });
    await clock.advance(2000);
    expect([await loading, await next].map(({ status }) => status)).toEqual([200, 200]);
  });

  it('stops when the client leaves that caused it', async () => {
    const clock = virtualClock();
    const fake = await start({ clock, models, loadMs: 1000 });
    const leaving = new AbortController();
    const gone = expect(generate(fake, 'a', {}, leaving.signal)).rejects.toThrow('aborted');
    await fake.whenRequest('/api/generate');
    expect(resident(fake)).toEqual(['a:latest']);
    leaving.abort();
    await gone;
    await fake.whenAborted();
    expect(resident(fake)).toEqual([]);
  });

  it('leaves the keep-alive of a model in memory as it is when a request has none', async () => {
    const clock = virtualClock();
    const fake = await start({ clock, models });
    await generate(fake, 'a', { keep_alive: '1h' });
    await generate(fake, 'a');
    expect(fake.runners[0]?.expiresAtMs).toBe(clock.wallTime() + 3_600_000);
  });
});

describe('with speeds', () => {
  const speeds = { prefillSpeed: 1000, decodeSpeed: 100, tokens: 10 };
  const words = (count: number): string => Array.from({ length: count }, (_, index) => `w${index}`).join(' ');

  /** Moves time until the answers are there. */
  async function answers(clock: ReturnType<typeof virtualClock>, asked: Promise<Answer>[]): Promise<Answer[]> {
    let waiting = true;
    const all = Promise.all(asked).finally(() => (waiting = false));
    while (waiting) await clock.advance(1);
    return all;
  }

  it('counts the cached part of a prompt, but needs no time for it', async () => {
    const clock = virtualClock();
    const fake = await start({ clock, models, ...speeds });
    const [first] = await answers(clock, [generate(fake, 'a', { prompt: words(320), raw: true })]);
    const [second] = await answers(clock, [generate(fake, 'a', { prompt: words(400), raw: true })]);
    expect(first).toMatchObject({ prompt_eval_count: 320, prompt_eval_duration: 320e6, eval_duration: 100e6 });
    expect(second).toMatchObject({ prompt_eval_count: 400, prompt_eval_duration: 80e6 });
  });

  it('is as much slower as there are neighbours', async () => {
    const clock = virtualClock();
    const fake = await start({ clock, models, ...speeds, parallel: 2, slowBySame: 0.5, slowByOthers: 1 });
    const prompt = { prompt: words(100), raw: true };
    const both = await answers(clock, [generate(fake, 'a', prompt), generate(fake, 'a', prompt)]);
    for (const { prompt_eval_duration: ns } of both) expect(ns / 1e6).toBeCloseTo(150, -1);
  });

  it('is faster on a model that is faster', async () => {
    const clock = virtualClock();
    const fast = { name: 'fast', prefillSpeed: 10_000, decodeSpeed: 1000 };
    const fake = await start({ clock, models: [fast], ...speeds });
    const [answer] = await answers(clock, [generate(fake, 'fast', { prompt: words(100), raw: true })]);
    expect(answer).toMatchObject({ prompt_eval_duration: 10e6, eval_duration: 10e6 });
  });
});

describe('zombies', () => {
  it('keep their slot when their client has left, for as long as they were told', async () => {
    const clock = virtualClock();
    const fake = await start({ clock, models, tokens: Infinity, tokenDelayMs: 10 });
    fake.fail('zombie', { delayMs: 5000 });
    const leaving = new AbortController();
    const response = await post(fake, '/api/generate', { model: 'a', prompt: 'x' }, leaving.signal);
    leaving.abort();
    await expect(response.text()).rejects.toThrow('aborted');
    await fake.whenAborted();
    await expect.poll(() => fake.zombies).toBe(1);
    const next = generate(fake, 'a', { options: { num_predict: 1 } });
    await fake.whenRequest('/api/generate', 2);
    await clock.advance(4999);
    expect([fake.zombies, fake.live]).toEqual([1, 1]);
    await clock.advance(1);
    expect((await next).status).toBe(200);
    expect(fake.zombies).toBe(0);
  });
});

describe('the control path', () => {
  it('tells the counts, adds faults and takes them back', async () => {
    const fake = await start({ models, control: true });
    const control = (method: string, body?: object): Promise<Response> =>
      fetch(`${fake.url}/fake`, { method, ...(body && { body: JSON.stringify(body) }) });
    await generate(fake, 'a', { options: { num_ctx: 100 } });
    expect(await (await control('GET')).json()).toEqual({
      loads: 1,
      reloads: 0,
      evictions: 0,
      aborted: 0,
      live: 0,
      zombies: 0,
      runners: [{ model: 'a:latest', numCtx: 100, bytes: 1_000_000 }],
    });
    await control('POST', { fault: 'busy', times: null });
    for (let count = 0; count < 2; count++) expect((await generate(fake, 'a')).status).toBe(503);
    await control('DELETE');
    expect((await generate(fake, 'a')).status).toBe(200);
  });

  it('is not there unless it is wanted', async () => {
    const fake = await start();
    expect((await fetch(`${fake.url}/fake`)).status).toBe(404);
  });

  it('is that of a process, and so are the flags', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'tutti-fake-ollama-'));
    const file = join(folder, 'models.json');
    await writeFile(file, JSON.stringify(models));
    const main = new URL('main.ts', import.meta.url).pathname;
    const child = spawn(process.execPath, [main, '--models-file', file, '--memory-bytes', '2e6', '--load-ms', '5']);
    try {
      const [line] = (await once(child.stdout, 'data')) as [Buffer];
      const fake = JSON.parse(String(line)) as FakeOllama;
      for (const model of ['a', 'b', 'c']) await generate(fake, model);
      const stats = (await (await fetch(`${fake.url}/fake`)).json()) as FakeStats;
      expect(stats).toMatchObject({ loads: 3, evictions: 1 });
      expect(stats.runners.map(({ model }) => model).toSorted()).toEqual(['b:latest', 'c:latest']);
    } finally {
      child.kill('SIGTERM');
      await once(child, 'exit');
      await rm(folder, { recursive: true });
    }
  });
});
