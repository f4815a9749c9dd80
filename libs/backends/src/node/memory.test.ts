import type { MessageInitShape } from '@bufbuild/protobuf';
import { create } from '@bufbuild/protobuf';
import type { CallSchema } from '@tutti/proto/tutti/agent/v1/call';
import { Verb } from '@tutti/proto/tutti/agent/v1/model';
import { ModelSchema, type Model } from '@tutti/proto/tutti/agent/v1/state';
import { virtualClock } from '@tutti/testing';
import { describe, expect, it, onTestFinished } from 'vitest';
import { callWith, chatCall, collect, contextWith } from '../calls.fixture.ts';
import { createSlots } from './admitted.ts';
import { createMemory } from './memory.ts';
import { memoryBackend } from './memory-backend.fixture.ts';

interface Facts {
  readonly total?: number;
  readonly loadMs?: number;
  readonly unloadMs?: number;
  readonly gated?: boolean;
  readonly defaultContext?: number;
  readonly trainedContext?: number;
  readonly perRunner?: number;
  readonly capabilities?: string[];
}

/** A node's slots and memory over a backend that loads as Ollama does. */
function rigWith({
  total = 8,
  perRunner = 4,
  trainedContext = 32_768,
  capabilities = ['completion'],
  ...facts
}: Facts = {}) {
  const clock = virtualClock();
  const server = memoryBackend({ clock, trainedContext, ...facts });
  const model: Model = create(ModelSchema, { contextLength: trainedContext, capabilities });
  const slots = createSlots({
    total,
    perRunner,
    clock,
    onChange: () => memory.review(),
    mayEnter: (call) => memory.mayEnter(call),
    drains: (call, context) => memory.drains(call, context),
    burntOut: (call) => memory.burntOut(call),
  });
  const memory = createMemory({
    backend: server.backend,
    limits: {},
    inUse: slots.inUse,
    modelOf: () => model,
    clock,
    onChange: () => {},
  });
  onTestFinished(() => memory.close());
  const generate = slots.admitted(memory.settled(server.backend.generate));

  const ask = (name: string, changes: Changes = {}, evict: string[] = [], signal?: AbortSignal) =>
    collect(generate(chatCall(name, 'hi', changes), { ...contextWith(signal), evict }), (chunk) =>
      seen.push(chunk.kind),
    );
  const askAs = (client: string, changes: Changes = {}) =>
    collect(generate(chatCall('m', 'hi', changes), { ...contextWith(), client }));
  const seen: unknown[] = [];
  const verb = (what: Verb, body: object) =>
    Array.fromAsync(
      memory.verb({ verb: what, bodyJson: JSON.stringify(body) }, new AbortController().signal),
      (line) => JSON.parse(line) as object,
    );
  return { clock, server, slots, memory, generate, ask, askAs, verb, seen };
}

type Changes = MessageInitShape<typeof CallSchema>;

/** Lets everything that can run on, run on. */
const settle = async (): Promise<void> => {
  for (let i = 0; i < 4; i++) await new Promise((resolve) => setImmediate(resolve));
};

const startedOf = (seen: readonly unknown[]) =>
  seen.flatMap((kind) => {
    const { value } = kind as { value: { kind?: { case: string; value: { numCtx?: number; reload: boolean } } } };
    return value.kind?.case === 'started' ? [value.kind.value] : [];
  });

/** How many calls each accepted call found in front of it. */
const inFrontOf = (seen: readonly unknown[]) =>
  seen.flatMap((kind) => {
    const { value } = kind as { value: { kind?: { case: string; value: { waiting: number } } } };
    return value.kind?.case === 'accepted' ? [value.kind.value.waiting] : [];
  });

const preferred = (numCtx: number): Changes => ({ numCtx: { preferred: numCtx } });

describe('the context of a call', () => {
  it('is that of the runner which is there: acceptance check 8, two clients with 20k and 8k and one with none reload nothing', async () => {
    const { ask, server, seen } = rigWith();
    await ask('m', preferred(20_000));
    for (const wish of [preferred(8_000), {}, preferred(20_000), { numCtx: { min: 12_000, preferred: 16_000 } }]) {
      await ask('m', wish);
    }
    expect(server.calls.map(({ numCtx }) => numCtx?.preferred)).toEqual(Array(5).fill(20_000));
    expect([server.events.filter((event) => event === 'load m:latest').length, server.silentLoads]).toEqual([1, 0]);
    expect(startedOf(seen).map(({ reload }) => reload)).toEqual([true, false, false, false, false]);
  });

  it('is the largest asked for when the runner is too small, and the load is ours, counted and told', async () => {
    const { ask, server, seen } = rigWith({ loadMs: 0 });
    server.put('m', 4_096);
    await ask('m', { numCtx: { min: 6_000, preferred: 8_192 } });
    expect(server.events).toEqual(['unload m:latest', 'load m:latest', 'run m:latest']);
    expect(startedOf(seen)).toMatchObject([{ numCtx: 8_192, reload: true }]);
    expect(server.silentLoads).toBe(0);
  });

  it('is cut to what the model was trained for, so that the next call finds the same runner', async () => {
    const { ask, server } = rigWith({ trainedContext: 8_192 });
    await ask('m', { numCtx: { min: 50_000, preferred: 50_000 } });
    await ask('m', { numCtx: { min: 50_000, preferred: 50_000 } });
    await ask('m', preferred(8_192));
    expect([server.events.filter((event) => event.startsWith('load')).length, server.silentLoads]).toEqual([1, 0]);
    expect(server.calls.map(({ numCtx }) => numCtx?.preferred)).toEqual([8_192, 8_192, 8_192]);
  });

  it('is left out for a runner whose context is the default, cut to what the model was trained for', async () => {
    const { ask, server } = rigWith({ trainedContext: 512, defaultContext: 4_096 });
    await ask('m');
    await ask('m');
    expect([server.silentLoads, server.calls.map(({ numCtx }) => numCtx)]).toEqual([0, [undefined, undefined]]);
  });
});

describe('runner options', () => {
  it('of the runner go with a call that has none: acceptance check 9, embeddings after a generate reload nothing', async () => {
    const { ask, generate, server } = rigWith();
    await ask('m', { optionsJson: '{"num_thread":2,"temperature":0.5}', ...preferred(32_000) });
    const embed = callWith({ model: 'm', kind: { case: 'embed', value: { inputs: ['a'] } } });
    await collect(generate(embed, contextWith()));
    expect(server.calls.at(-1)).toMatchObject({ optionsJson: '{"num_thread":2}', numCtx: { preferred: 32_000 } });
    expect(server.silentLoads).toBe(0);
  });

  it('that differ take a load, and one of ours', async () => {
    const { ask, server } = rigWith();
    await ask('m', { optionsJson: '{"num_thread":2}' });
    await ask('m', { optionsJson: '{"num_thread":4}' });
    expect(server.events).toEqual([
      'load m:latest',
      'run m:latest',
      'unload m:latest',
      'load m:latest',
      'run m:latest',
    ]);
    expect(server.silentLoads).toBe(0);
  });
});

describe('a load', () => {
  it('is one for all that ask at once: acceptance check 7; each hears how it goes, the first pays for it', async () => {
    const { ask, server, clock } = rigWith({ loadMs: 2_500 });
    const calls = [ask('m'), ask('m'), ask('m')];
    await clock.advance(2_500);
    const answers = await Promise.all(calls);
    expect(server.events.filter((event) => event === 'load m:latest')).toHaveLength(1);
    expect(answers.map(({ kinds }) => kinds.join(' '))).toEqual(
      Array(3).fill('accepted started loading loading loading delta done'),
    );
    expect(answers.map(({ done }) => done?.timings?.loadMs)).toEqual([2_500, 1, 1]);
  });

  it('waits for the calls of those who make room; they get no new ones, and end first', async () => {
    const { ask, server, clock, memory } = rigWith({ gated: true });
    server.put('victim', 4_096);
    await clock.advance(1);
    const running = ask('victim');
    await settle();
    const loading = ask('m', {}, ['victim:latest']);
    await settle();
    expect(memory.insight.state({}).loading).toBe('m:latest');
    expect((await ask('victim')).error).toMatchObject({ reason: 'no_slot' });
    expect((await ask('victim')).kinds).toEqual([]);
    expect(server.events).toEqual(['run victim:latest']);
    server.open('victim');
    expect((await running).done?.reason).toBe('stop');
    await clock.advance(1_000);
    server.open('m');
    await loading;
    expect(server.events).toEqual(['run victim:latest', 'unload victim:latest', 'load m:latest', 'run m:latest']);
  });

  it('waits for those who make room even where they have all slots; one does, on a place of its own', async () => {
    const { ask, slots, server, seen } = rigWith({ total: 2, gated: true });
    for (const model of ['victim', 'idle']) server.put(model, 4_096);
    const victims = [ask('victim'), ask('victim')];
    await settle();
    expect((await ask('m')).error).toMatchObject({ reason: 'no_slot' });
    expect((await ask('m', {}, ['idle'])).error).toMatchObject({ reason: 'no_slot' });
    expect((await ask('victim', {}, ['victim'])).kinds).toEqual([]);

    const call = ask('m', {}, ['victim']);
    const second = ask('other', {}, ['victim']);
    expect((await second).error).toMatchObject({ reason: 'no_slot' });
    await settle();
    expect([slots.busy, slots.waiting, slots.inUse('m:latest')]).toEqual([2, 1, 1]);
    expect(inFrontOf(seen)).toEqual([0, 0, 1]);

    server.open('victim');
    await victims[0];
    await settle();
    expect([slots.busy, slots.waiting]).toEqual([2, 0]);
    expect((await ask('idle')).error).toMatchObject({ reason: 'no_slot' });
    server.open('victim');
    await victims[1];
    await settle();
    server.open('m');
    expect((await call).done?.reason).toBe('stop');
    expect(server.events.slice(-3)).toEqual(['unload victim:latest', 'load m:latest', 'run m:latest']);
    await settle();
    expect([slots.busy, slots.waiting]).toEqual([0, 0]);
  });

  it('begins when those who make room have really left', async () => {
    const { ask, server, clock } = rigWith({ unloadMs: 700 });
    server.put('victim', 4_096);
    const loading = ask('m', {}, ['victim']);
    await clock.advance(600);
    expect(server.events).toEqual([]);
    await clock.advance(200);
    expect((await loading).done?.timings?.loadMs).toBe(0);
    expect(server.events).toEqual(['unload victim:latest', 'load m:latest', 'run m:latest']);
  });

  it('begins all the same when one of them will not leave: the backend makes what room it needs', async () => {
    const { ask, server, clock } = rigWith({ unloadMs: Infinity });
    server.put('victim', 4_096);
    const loading = ask('m', {}, ['victim']);
    await clock.advance(9_900);
    expect(server.events).toEqual([]);
    await clock.advance(300);
    expect((await loading).done?.reason).toBe('stop');
    expect(server.events).toEqual(['load m:latest', 'run m:latest']);
  });

  it('keeps the promise to those who were accepted before: one that waits behind a call of a victim runs on it', async () => {
    const { ask, server, clock } = rigWith({ gated: true, perRunner: 1 });
    server.put('victim', 4_096);
    await clock.advance(1);
    const first = ask('victim');
    await settle();
    const second = ask('victim');
    await settle();
    const loading = ask('m', {}, ['victim:latest']);
    await settle();
    server.open('victim');
    await first;
    await settle();
    server.open('victim');
    expect((await second).done?.reason).toBe('stop');
    await clock.advance(1_000);
    server.open('m');
    expect((await loading).done?.reason).toBe('stop');
    expect(server.events.filter((event) => event === 'load victim:latest')).toEqual([]);
  });

  it('is the only one: a call that needs another one hears no_slot, one for a model that is there runs', async () => {
    const { ask, clock, server } = rigWith({ loadMs: 1_000 });
    server.put('there', 4_096);
    const loading = ask('a');
    await settle();
    expect((await ask('b')).error).toMatchObject({ reason: 'no_slot' });
    expect((await ask('there')).done?.reason).toBe('stop');
    expect((await ask('there', { numCtx: { min: 8_000, preferred: 8_000 } })).error).toMatchObject({
      reason: 'no_slot',
    });
    await clock.advance(1_000);
    expect((await loading).done?.reason).toBe('stop');
    const next = ask('b');
    await clock.advance(1_000);
    expect((await next).done?.reason).toBe('stop');
  });

  it('ends when the last one who waits for it leaves, and no sooner', async () => {
    const { ask, clock, server, memory, slots } = rigWith({ loadMs: 1_000 });
    const [first, second] = [new AbortController(), new AbortController()];
    const calls = [ask('m', {}, [], first.signal), ask('m', {}, [], second.signal)];
    await settle();
    first.abort();
    expect((await calls[0])?.error).toMatchObject({ reason: 'client_closed' });
    await settle();
    expect([memory.insight.state({}).loading, slots.busy, slots.zombie]).toEqual(['m:latest', 1, 0]);
    second.abort();
    await calls[1];
    await settle();
    expect([slots.busy, slots.zombie]).toEqual([0, 0]);
    expect(memory.insight.state({}).loading).toBe('');
    await clock.advance(2_000);
    expect(server.events).toEqual([]);
  });

  it('of a larger runner lets the calls of the smaller one end first', async () => {
    const { ask, server, clock } = rigWith({ gated: true, perRunner: 2 });
    server.put('m', 4_096);
    await clock.advance(1);
    const small = ask('m');
    await settle();
    const large = ask('m', { numCtx: { min: 8_000, preferred: 8_000 } });
    await settle();
    expect(server.events).toEqual(['run m:latest']);
    server.open('m');
    await small;
    await clock.advance(1_000);
    server.open('m');
    expect((await large).done?.reason).toBe('stop');
    expect(server.events).toEqual(['run m:latest', 'unload m:latest', 'load m:latest', 'run m:latest']);
  });
});

it('a model that runs elsewhere is not loaded here', async () => {
  const { ask, server } = rigWith({ capabilities: ['cloud', 'completion'] });
  expect((await ask('m')).done?.reason).toBe('stop');
  // This backend loads it for the call itself; the agent did not.
  expect([server.silentLoads, server.calls.length]).toEqual([1, 1]);
});

describe('keep-alive', () => {
  it('is a day, unless the client wants longer', async () => {
    const { ask, server } = rigWith();
    const day = 24 * 3_600_000;
    for (const keepAliveMs of [undefined, 2 * day, -1])
      await ask('m', keepAliveMs === undefined ? {} : { keepAliveMs });
    expect(server.calls.map((call) => call.keepAliveMs)).toEqual([day, 2 * day, -1]);
  });

  it('of one client does not unload what others use: not within five minutes, not while they run', async () => {
    const { ask, server, clock } = rigWith();
    await ask('m');
    await ask('m', { keepAliveMs: 0 });
    await ask('m', { keepAliveMs: 60_000 });
    await settle();
    expect(server.calls.map((call) => call.keepAliveMs)).toEqual(Array(3).fill(24 * 3_600_000));
    expect(server.runners.size).toBe(1);
    await clock.advance(5 * 60_000);
    await ask('m', { keepAliveMs: 0 });
    await clock.advance(100);
    expect(server.runners.size).toBe(0);
  });

  it('that is short is honoured where nobody else has used the model', async () => {
    const { ask, server } = rigWith();
    await ask('m', { keepAliveMs: 60_000 });
    expect(server.calls[0]?.keepAliveMs).toBe(60_000);
  });

  const unload = { keepAliveMs: 0, kind: { case: 'chat' as const, value: {} } };

  it('of an empty call unloads a model that nobody uses, and one that is not there', async () => {
    const { ask, server, clock } = rigWith();
    server.put('m', 4_096);
    await clock.advance(1_100);
    await ask('other');
    expect((await ask('m', unload)).done?.reason).toBe('unload');
    expect([...server.runners.keys()]).toEqual(['other:latest']);
    expect((await ask('m', unload)).done?.reason).toBe('unload');
  });

  it('of an empty call unloads what only the one who asks has used lately', async () => {
    const { askAs, server } = rigWith();
    await askAs('a');
    expect((await askAs('a', unload)).done?.reason).toBe('unload');
    expect(server.runners.size).toBe(0);
  });

  it('of an empty call says that the model stays if others have used it in the last five minutes', async () => {
    const { askAs, server, clock } = rigWith();
    await askAs('a');
    await askAs('b');
    expect((await askAs('b', unload)).done).toMatchObject({ reason: 'load', extraJson: expect.stringMatching(/kept/) });
    expect(server.runners.size).toBe(1);
    await clock.advance(5 * 60_000);
    expect((await askAs('b', unload)).done).toMatchObject({ reason: 'unload', extraJson: '' });
    expect(server.runners.size).toBe(0);
  });

  it('of an empty call says that the model stays while anybody uses it', async () => {
    const { askAs, server } = rigWith({ gated: true });
    const running = askAs('a');
    await settle();
    expect((await askAs('a', unload)).done?.reason).toBe('load');
    server.open('m');
    await running;
    expect(server.runners.size).toBe(1);
  });
});

describe('the verbs', () => {
  it('LOAD makes room, loads, and tells what it took', async () => {
    const { verb, server, clock } = rigWith({ loadMs: 1_500 });
    server.put('old', 4_096);
    const lines = verb(Verb.LOAD, { model: 'm', num_ctx: 8_192, evict: ['old'] });
    await clock.advance(3_000);
    expect(await lines).toEqual([
      { status: 'loading', elapsed_ms: 0 },
      { status: 'loading', elapsed_ms: 1_000 },
      { status: 'success', load_ms: 1_500, num_ctx: 8_192, evicted: ['old:latest'] },
    ]);
    expect(await verb(Verb.LOAD, { model: 'm', num_ctx: 4_096 })).toEqual([
      { status: 'success', load_ms: 0, num_ctx: 8_192, evicted: [] },
    ]);
  });

  it('UNLOAD takes a model out when its calls are over', async () => {
    const { verb, server, ask, clock } = rigWith({ gated: true });
    server.put('m', 4_096);
    await clock.advance(1);
    const running = ask('m');
    await settle();
    const unloading = verb(Verb.UNLOAD, { model: 'm' });
    await settle();
    expect((await ask('m')).error).toMatchObject({ reason: 'no_slot' });
    server.open('m');
    await running;
    expect(await unloading).toEqual([{ status: 'success' }]);
    expect(server.runners.size).toBe(0);
    expect(await verb(Verb.UNLOAD, { model: 'm' })).toEqual([{ status: 'success' }]);
  });

  it.each([{}, { model: '' }, { model: 'm', num_ctx: -1 }, { model: 'm', evict: 'x' }])('refuse %j', async (body) => {
    await expect(rigWith().verb(Verb.LOAD, body)).rejects.toMatchObject({ reason: 'invalid_request' });
  });
});

describe('a call that is cancelled before it answers', () => {
  it('leaves a zombie, until a token behind it shows that the backend is free', async () => {
    const { ask, slots, server, clock } = rigWith({ gated: true });
    server.put('m', 4_096);
    await clock.advance(1);
    await ask('m', { numPredict: 1 });
    const controller = new AbortController();
    const call = ask('m', {}, [], controller.signal);
    await settle();
    server.faults.hang = true;
    controller.abort();
    expect((await call).error).toMatchObject({ reason: 'client_closed' });
    await settle();
    expect([slots.busy, slots.zombie]).toEqual([0, 1]);
    await clock.advance(2_100);
    expect([slots.busy, slots.zombie]).toEqual([0, 0]);
  });

  it('frees its slot as soon as the token is there', async () => {
    const { ask, slots, server, clock } = rigWith({ gated: true });
    server.put('m', 4_096);
    await clock.advance(1);
    await ask('m', { numPredict: 1 });
    const controller = new AbortController();
    const call = ask('m', {}, [], controller.signal);
    await settle();
    controller.abort();
    await call;
    await settle();
    expect([slots.busy, slots.zombie, server.calls.at(-1)?.numPredict]).toEqual([0, 0, 1]);
  });
});
