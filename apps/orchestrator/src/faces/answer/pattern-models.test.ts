import { create } from '@bufbuild/protobuf';
import type { FastifyInstance } from 'fastify';
import {
  ClusterError,
  createMemoryRuns,
  done,
  permitted,
  textDelta,
  throwIfAborted,
  ticketMachine,
  type Call,
  type Generate,
  type RunRepository,
} from '@tutti/core';
import { createCluster } from '@tutti/core/cluster';
import { patterns } from '@tutti/core/patterns';
import { NodeStateSchema } from '@tutti/proto/tutti/agent/v1/state';
import { createLog } from '@tutti/runtime/log';
import { virtualClock } from '@tutti/testing';
import { afterEach, describe, expect, it } from 'vitest';
import { createLimits, limited } from '../../access/limits.ts';
import { virtualOllama } from '../../models/virtual-ollama.ts';
import { availableModels } from '../../runs/available-models.ts';
import { patternModels } from '../../runs/pattern-models.ts';
import { createRuns } from '../../runs/runs.ts';
import { createAnswer } from './answer.ts';
import { createHttpServer } from '../http/http-server.ts';
import { ollamaModelsFace } from '../ollama/models.ts';
import { ollamaFace } from '../ollama/ollama.ts';
import { openaiFace } from '../openai/openai.ts';

const names = ['tutti/ensemble', 'tutti/debate', 'tutti/maestro', 'tutti/auto'];
const members = ['a:1b', 'b:1b', 'c:1b'];
const messages = [{ role: 'user', content: 'What is 6 x 7?' }];

/** What each model says; JSON for whoever asks for it. */
type Script = (call: Call) => string;

const says: Script = ({ format }) =>
  format ? '{"reasoning":"six sevens","answer":"42","confidence":0.9}' : 'It is 42.\nAnswer: 42';

/** A question whose answers are put together. */
const why = { messages: [{ role: 'user', content: 'Why is the sky blue? Explain it to a child.' }] };
const scattering = (model: string) => `I am ${model} and say that light of short waves is scattered more than others`;

/** A word that is none: the model breaks off. */
const breaksOff = ' (breaks off)';

interface World {
  readonly script?: Script;
  readonly models?: readonly string[];
  readonly repository?: RunRepository;
  readonly mayUse?: readonly string[];
  readonly concurrency?: number;
}

let app: FastifyInstance;
let calls: Call[];

afterEach(() => app.close());

/** The faces over runs of the real patterns, and models that say what a script tells. */
function serve({ script = says, models = members, repository = createMemoryRuns(), mayUse, concurrency }: World = {}) {
  const clock = virtualClock();
  const log = createLog({ service: 'test', level: 'silent' });
  calls = [];
  const scripted: Generate = async function* (call, { signal }) {
    calls.push(call);
    const [text = '', ...broken] = script(call).split(breaksOff);
    for (const word of text.match(/\s*\S+/g) ?? []) {
      throwIfAborted(signal);
      yield textDelta(word);
    }
    if (broken.length > 0) throw new ClusterError('upstream_error', 'it broke off');
    yield done({ reason: 'stop', usage: { promptTokens: 10, outputTokens: 4 } });
  };
  const generate = permitted(scripted);
  const cluster = createCluster({ clock, random: () => 0 });
  const capabilities = ['completion'];
  const state = create(NodeStateSchema, { models: models.map((name) => ({ name, sizeBytes: 1e9, capabilities })) });
  cluster.report('node', generate, state);
  const nextTicket = ticketMachine();
  const find = () => ({ ...(concurrency !== undefined && { concurrency }) });
  const enter = limited(createLimits({ clock, find }), () => () => {});
  const runs = createRuns({
    ...{ repository, patterns, generate, orchestratorId: 'o', clock, log, nextTicket, enter },
    models: () => availableModels(cluster),
    isResident: () => true,
    reenter: () => () => {},
    isFull: () => false,
  });
  const principal = { id: 'key', name: 'key', role: 'user', modelsWrite: false, ...(mayUse && { models: mayUse }) };
  const answer = createAnswer({ generate: patternModels({ runs, generate }), clock, nextTicket, enter });
  app = createHttpServer({ log });
  app.addHook('onRequest', async (request) => void Object.assign(request, { principal }));
  ollamaFace(app, { answer, cluster, clock, version: '0' });
  ollamaModelsFace(app, {
    cluster,
    models: virtualOllama({ cluster, membership: { models: () => undefined }, clock }),
    clock,
  });
  openaiFace(app, { answer, cluster, clock });
}

const post = async (url: string, payload: object) => {
  const response = await app.inject({ method: 'POST', url, payload });
  return { status: response.statusCode, text: response.body };
};

interface Line {
  readonly message?: { readonly content: string; readonly thinking?: string };
  readonly done: boolean;
  readonly [field: string]: unknown;
}

const chat = async (model: string, more: object = {}) => {
  const { text } = await post('/api/chat', { model, messages, ...more });
  const lines = text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Line);
  return {
    lines,
    last: lines.at(-1)!,
    content: lines.map((line) => line.message?.content ?? '').join(''),
    thinking: lines.map((line) => line.message?.thinking ?? '').join(''),
  };
};

describe('a pattern that is asked as a model', () => {
  it.each(names)('%s answers', async (model) => {
    serve();
    const { content, last } = await chat(model, { stream: false });
    expect(content).toContain('42');
    expect(last).toMatchObject({ model, done: true, done_reason: 'stop' });
    const run = last['tutti_run'] as { calls: number };
    expect(run).toMatchObject({ pattern: model.slice('tutti/'.length), state: 'COMPLETED', calls: calls.length });
    expect([last['prompt_eval_count'], last['eval_count']]).toEqual([run.calls * 10, run.calls * 4]);
  });

  it('streams the answer in the words in which it is made, the members before as thinking, each named once', async () => {
    const own = (model: string): string =>
      `I am ${model} and say that light of short waves is scattered more than others`;
    serve({ script: ({ model, kind }) => (isSynthesis(kind) ? 'Short waves scatter.' : own(model)) });
    const why = { messages: [{ role: 'user', content: 'Why is the sky blue? Explain it to a child.' }] };
    const { content, thinking, lines } = await chat('tutti/ensemble', why);
    expect(content).toBe('Short waves scatter.');
    for (const member of members) expect(thinking.split(`[member ${member}] ${scattering(member)}`)).toHaveLength(2);
    const firstWord = lines.findIndex(({ message }) => message?.content);
    expect(lines.slice(firstWord).every(({ message }) => message?.thinking === undefined)).toBe(true);
    expect(lines.filter(({ message }) => message?.content)).toHaveLength(3);
  });

  it('tells as thinking what the members of a debate say in a form that is not for people', async () => {
    serve();
    const { content, thinking } = await chat('tutti/debate');
    expect(content).toContain('42');
    expect(thinking).toMatch(/\[member [abc]:1b, round 0\] six sevens\n\n42/);
    expect(thinking).not.toContain('{');
  });

  it('keeps the thinking from who does not want it', async () => {
    serve();
    const { content, thinking } = await chat('tutti/ensemble', { think: false });
    expect(content).toContain('42');
    expect(thinking).toBe('');
  });

  it('completes a prompt, with the system prompt and pictures in it', async () => {
    serve();
    const { text } = await post('/api/generate', {
      ...{ model: 'tutti/ensemble:latest', system: 'Be brief.', prompt: 'What is 6 x 7?', stream: false },
    });
    expect(JSON.parse(text)).toMatchObject({ response: expect.stringContaining('42') as string, done: true });
    const { kind } = calls[0]!;
    const roles = kind.case === 'chat' ? kind.value.messages.map(({ role }) => role) : [];
    expect(roles).toEqual(['system', 'user']);
  });

  it('loads nothing when it is asked nothing, as clients do before they chat', async () => {
    serve();
    const { last } = await chat('tutti/debate', { messages: [] });
    expect(last).toMatchObject({ done: true, done_reason: 'load' });
    expect(calls).toEqual([]);
  });

  it('gives each answer the tokens that were asked for', async () => {
    serve();
    await chat('tutti/ensemble', { options: { num_predict: 20 } });
    expect(calls.length).toBeGreaterThan(1);
    for (const { numPredict } of calls) expect(numPredict).toBeLessThanOrEqual(20);
  });

  it('asks its members with the options of the caller, and whoever decides with its own', async () => {
    serve({ script: ({ model, kind }) => (isSynthesis(kind) ? 'Short waves scatter.' : scattering(model)) });
    const options = { temperature: 0.1, top_k: 7, seed: 40, num_ctx: 5_000, stop: [] };
    await chat('tutti/ensemble', { ...why, options, keep_alive: 60 });
    expect(calls.length).toBeGreaterThan(members.length);
    for (const call of calls) expect(call).toMatchObject({ numCtx: { preferred: 5_000 }, keepAliveMs: 60_000 });
    const asked = calls.map(({ optionsJson }) => JSON.parse(optionsJson) as Record<string, number>);
    expect(asked.slice(0, 3)).toEqual(members.map(() => ({ temperature: 0.1, top_k: 7, seed: 41 })));
    await app.close();
    serve({ script: says });
    await chat('tutti/maestro', { options: { temperature: 0.1 } });
    const gate = calls.find(({ format }) => format)!;
    expect(JSON.parse(gate.optionsJson)).toMatchObject({ temperature: 0 });
  });

  it('takes what OpenAI sends with each request for no wish', async () => {
    serve();
    await post('/v1/chat/completions', { model: 'tutti/ensemble', messages });
    for (const { optionsJson } of calls) expect(JSON.parse(optionsJson)).not.toHaveProperty('top_p');
    await app.close();
    serve();
    await post('/v1/chat/completions', { model: 'tutti/ensemble', messages, temperature: 0.3 });
    expect(JSON.parse(calls[0]!.optionsJson)).toMatchObject({ temperature: 0.3 });
  });

  it('takes one place of its key, whatever it calls', async () => {
    serve({ concurrency: 1 });
    expect((await post('/api/chat', { model: 'tutti/ensemble', messages })).status).toBe(200);
  });

  it('runs without a store', async () => {
    serve({ repository: awayStore() });
    const { content, last } = await chat('tutti/ensemble');
    expect(content).toContain('42');
    expect(last).toMatchObject({ tutti_run: { state: 'COMPLETED' } });
  });

  it.each(['local', 'cluster'])('is kept in no store if its text may not leave this machine: %s', async (privacy) => {
    const repository = createMemoryRuns();
    serve({ repository });
    const payload = { model: 'tutti/ensemble', messages };
    const answered = await app.inject({
      ...{ method: 'POST', url: '/api/chat', headers: { 'x-tutti-privacy': privacy }, payload },
    });
    expect(answered.body).toContain('42');
    expect(await repository.list({ key: 'key' }, { limit: 9 })).toHaveLength(privacy === 'local' ? 0 : 1);
  });

  it('ends when the store leaves in the middle', async () => {
    serve({ repository: leavingStore() });
    const { content, thinking, last } = await chat('tutti/ensemble');
    expect(content).toContain('42');
    expect(thinking).toContain('[member a:1b] ');
    expect(last).toMatchObject({ tutti_run: { state: 'COMPLETED' } });
  });

  it('tells the answer that it ends with after one that broke off', async () => {
    serve({
      script: ({ model, kind }) => (isSynthesis(kind) ? `Half of${breaksOff}` : scattering(model)),
    });
    const { content, last } = await chat('tutti/ensemble', why);
    const broken = expect.arrayContaining(['synthesis: it broke off']) as string[];
    expect(content).toBe(`Half of\n\n${scattering('a:1b')}`);
    expect(last).toMatchObject({ done_reason: 'stop', tutti_run: { degraded: broken } });
  });

  it('fails as one model does, when all its models do', async () => {
    serve({
      script: () => {
        throw new ClusterError('upstream_error', 'it broke');
      },
    });
    const [one, several] = [
      await post('/api/chat', { model: 'a:1b', messages }),
      await post('/api/chat', { model: 'tutti/ensemble', messages }),
    ];
    expect(several).toEqual(one);
    expect(one.text).toContain('it broke');
  });
});

describe('the OpenAI face', () => {
  it('streams it, with the reasoning where clients look for it', async () => {
    serve();
    const { text } = await post('/v1/chat/completions', { model: 'tutti/ensemble', messages, stream: true });
    const events = text.split('\n\n').filter((event) => event.startsWith('data: {'));
    const deltas = events.map((event) => {
      const { choices } = JSON.parse(event.slice('data: '.length)) as { choices: { delta: Record<string, string> }[] };
      return choices[0]?.delta ?? {};
    });
    expect(deltas.map(({ content = '' }) => content).join('')).toContain('42');
    expect(deltas.map(({ reasoning = '' }) => reasoning).join('')).toContain('[member a:1b] ');
  });

  it('tells of the run in its last chunk, and in a whole answer', async () => {
    serve();
    const run = { tutti_run: { pattern: 'ensemble', state: 'COMPLETED', id: expect.any(String) as string } };
    const { text } = await post('/v1/chat/completions', { model: 'tutti/ensemble', messages, stream: true });
    const events = text.split('\n\n').filter((event) => event.startsWith('data: {'));
    expect(JSON.parse(events.at(-1)!.slice('data: '.length))).toMatchObject(run);
    const whole = await post('/v1/chat/completions', { model: 'tutti/ensemble', messages });
    expect(JSON.parse(whole.text)).toMatchObject(run);
  });
});

describe('what patterns cannot do as models', () => {
  const tools = [{ type: 'function', function: { name: 'f', parameters: {} } }];
  it.each([
    ['/api/chat', { messages, tools }, 400, 'tools'],
    ['/api/chat', { messages, format: 'json' }, 400, 'format'],
    ['/v1/chat/completions', { messages, tools }, 400, 'tools'],
    ['/api/generate', { prompt: 'a', suffix: 'b' }, 400, 'suffix'],
    ['/api/embed', { input: 'a' }, 400, 'embed'],
    ['/api/chat', { messages, options: { stop: ['\n'] } }, 400, 'stop'],
    ['/v1/chat/completions', { messages, stop: 'x' }, 400, 'stop'],
    ['/api/chat', { messages, options: { num_gpu: 1 } }, 400, 'num_gpu'],
    ['/api/chat', { messages, options: { moonphase: 1 } }, 400, 'moonphase'],
  ])('%s refuses %j', async (url, body, status, says) => {
    serve();
    const refused = await post(url, { model: 'tutti/debate', ...body });
    expect(refused.status).toBe(status);
    expect(refused.text).toContain(says);
    expect(calls).toEqual([]);
  });

  it.each(['tutti/single', 'tutti/nothing', 'tutti/debate:8b'])('there is no %s', async (model) => {
    serve();
    expect((await post('/api/chat', { model, messages })).status).toBe(404);
  });

  it('a key that may not use it is refused, and a run asks no model that its key may not use', async () => {
    serve({ mayUse: ['a:*'] });
    expect((await post('/api/chat', { model: 'tutti/ensemble', messages })).status).toBe(403);
    await app.close();
    serve({ mayUse: ['tutti/*', 'a:*'] });
    await chat('tutti/ensemble');
    expect(new Set(calls.map(({ model }) => model))).toEqual(new Set(['a:1b']));
  });
});

describe('lists', () => {
  const listed = async (url: string): Promise<string[]> => {
    const { models, data } = (await app.inject({ url })).json<Record<string, { name: string }[] | undefined>>();
    return (models ?? data ?? []).map(({ name }) => name);
  };

  it.each(['/api/tags', '/v1/models'])('%s has them after the models', async (url) => {
    serve();
    expect(await listed(url)).toEqual([...members, ...names]);
  });

  it.each(['/api/tags', '/v1/models'])(
    '%s has none where nothing could answer, or for a key that may not',
    async (url) => {
      serve({ models: [] });
      expect(await listed(url)).toEqual([]);
      await app.close();
      serve({ mayUse: ['a:*'] });
      expect(await listed(url)).toEqual(['a:1b']);
    },
  );

  it.each(['b:1b', 'tutti/debate', 'tutti%2Fdebate', 'tutti/debate:latest'])('/v1/models/%s shows it', async (id) => {
    serve();
    const { statusCode, body } = await app.inject({ url: `/v1/models/${id}` });
    const name = decodeURIComponent(id).replace(':latest', '');
    const kind = name.startsWith('tutti/') ? 'pattern' : 'model';
    expect([statusCode, JSON.parse(body)]).toMatchObject([200, { id: name, object: 'model', tutti: { kind } }]);
  });

  it.each(['nope', 'tutti/nope', 'a:1b'])('/v1/models/%s is none to whom it does not concern', async (id) => {
    serve({ mayUse: ['b:*', 'tutti/*'] });
    expect((await app.inject({ url: `/v1/models/${id}` })).statusCode).toBe(404);
  });

  it('/api/show tells what clients read before they chat', async () => {
    serve();
    expect(JSON.parse((await post('/api/show', { model: 'tutti/debate' })).text)).toMatchObject({
      capabilities: ['completion', 'thinking'],
      details: { family: 'tutti' },
    });
    expect((await post('/api/show', { model: 'tutti/nothing' })).status).toBe(404);
  });

  it('have the digest of which clients show the first letters', async () => {
    serve();
    const { models } = (await app.inject({ url: '/api/tags' })).json<{ models: { digest: string; size: number }[] }>();
    expect(models.at(-1)).toMatchObject({ digest: expect.stringMatching(/^[0-9a-f]{64}$/) as string, size: 0 });
  });
});

/** Members get the question as it is; what makes one answer of theirs has them in it. */
function isSynthesis(kind: Call['kind']): boolean {
  return JSON.stringify(kind.case === 'chat' ? kind.value.messages : []).includes('I am a:1b');
}

/** A store that is away once a run has begun. */
function leavingStore(): RunRepository {
  const runs = createMemoryRuns();
  return { ...awayStore(), find: runs.find, create: runs.create, append: once(runs.append) };
}

function once<T extends (...args: never[]) => Promise<unknown>>(method: T): T {
  let used = false;
  return (async (...args: Parameters<T>) => {
    if (used) throw new ClusterError('storage_unavailable', 'The store does not answer.');
    used = true;
    return method(...args);
  }) as T;
}

function awayStore(): RunRepository {
  const away = async (): Promise<never> => {
    throw new ClusterError('storage_unavailable', 'The store does not answer.');
  };
  const names = Object.keys(createMemoryRuns());
  return Object.fromEntries(names.map((name) => [name, away])) as unknown as RunRepository;
}
