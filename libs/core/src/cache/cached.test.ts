import { create } from '@bufbuild/protobuf';
import { CallSchema } from '@tutti/proto/tutti/agent/v1/call';
import { virtualClock } from '@tutti/testing';
import { describe, expect, it } from 'vitest';
import { callFor, collect, contextWith } from '../calls.fixture.ts';
import { delta, done, progress } from '../chunk.ts';
import { ClusterError } from '../error.ts';
import { Privacy, type Call, type Chunk, type Context, type Generate } from '../generate.ts';
import { localPrincipal } from '../principal.ts';
import { abortError, onAbort } from '../signal.ts';
import type { DocumentRecord } from '../stores/documents.ts';
import { createAnswerCache, type CacheOutcome, type CacheSettings } from './answer-cache.ts';
import { createAnswerShelf } from './answer-shelf.ts';
import { cached } from './cached.ts';

const greedy: Call = { ...callFor('m:latest'), optionsJson: '{"temperature":0}' };
const usage = { promptTokens: 3, outputTokens: 2 };

/** A cache over a model that counts its calls, and says its number each time. */
function setUp(changes: Partial<CacheSettings> = {}, model?: Generate) {
  const clock = virtualClock();
  const settings = { enabled: true, maxBytes: 1_000_000, ttlMs: 60_000, persist: false, ...changes };
  const stored = new Map<string, DocumentRecord>();
  const documents = {
    add: async (record: DocumentRecord) => stored.size < stored.set(record.id, record).size,
    find: async (id: string, now: number) => {
      const record = stored.get(id);
      return record && record.expiresAt! > now ? record : undefined;
    },
  };
  const version = { now: 'd1' as string | undefined };
  let calls = 0;
  const counting: Generate = async function* () {
    calls += 1;
    yield progress({ case: 'dispatched', value: { node: 'a', model: 'm', attempt: 1 } });
    yield delta({ text: `answer ` });
    yield delta({ text: `${calls}` });
    yield done({ reason: 'stop', usage });
  };
  const start = () => {
    const shelf = createAnswerShelf({ documents, clock, ttlMs: () => settings.ttlMs });
    const cache = createAnswerCache({ clock, settings: () => settings, shelf });
    const hash = (text: string, bytes: Uint8Array): string => `${text} ${bytes.join()}`;
    return { cache, generate: cached({ cache, hash, versionOf: () => version.now }, model ?? counting) };
  };
  const { cache, generate } = start();
  const ask = async (call: Call = greedy, context: Partial<Context> = {}, from: Generate = generate) => {
    let outcome: CacheOutcome | undefined;
    const onCache = (heard: CacheOutcome): void => void (outcome = heard);
    return { ...(await collect(from(call, contextWith({ onCache, ...context })))), outcome };
  };
  return { clock, settings, stored, version, cache, generate, ask, start, calls: () => calls };
}

describe('an answer is given again', () => {
  it('in the same pieces, with its counts, and without the way it went', async () => {
    const { ask, cache, generate } = setUp();
    expect(await ask()).toMatchObject({ kinds: ['dispatched', 'delta', 'delta', 'done'], outcome: 'miss' });
    expect(await ask()).toEqual({ kinds: ['delta', 'delta', 'done'], text: 'answer 1', outcome: 'hit' });
    const chunks: Chunk[] = [];
    for await (const chunk of generate(greedy, contextWith())) chunks.push(chunk);
    expect(chunks.at(-1)!.kind.value).toMatchObject({ reason: 'stop', usage });
    expect(cache.stats()).toMatchObject({ hits: 2, misses: 1, bypassed: 0, entries: 1, savedTokens: 10 });
  });

  it.each<[string, Call, Partial<Context>]>([
    ['with temperature 0', greedy, {}],
    ['with a seed', { ...greedy, optionsJson: '{"seed":7,"temperature":1.5}' }, {}],
    ['to texts that become vectors', embedding('a'), {}],
    ['if that is asked for', callFor('m:latest'), { cache: 'use' }],
    ['whose room the caller set', { ...greedy, numPredict: 2 }, {}],
  ])('%s', async (_, call, context) => {
    const { ask } = setUp();
    await ask(call, context);
    expect(await ask(call, context)).toMatchObject({ text: 'answer 1', outcome: 'hit' });
  });

  it('though the model is to stay in memory for another time', async () => {
    const { ask } = setUp();
    await ask({ ...greedy, keepAliveMs: 1_000 });
    expect(await ask({ ...greedy, keepAliveMs: 2_000 })).toMatchObject({ outcome: 'hit' });
  });
});

describe('a model is asked again', () => {
  it.each<[string, Partial<Call>, Partial<Context>]>([
    ['another model', { model: 'n:latest' }, {}],
    ['other words', callFor('m:latest').kind.case === 'chat' ? { kind: { case: 'chat', value: chatOf('b') } } : {}, {}],
    ['other options', { optionsJson: '{"temperature":0,"top_k":1}' }, {}],
    ['another context length', { numCtx: create(CallSchema, { numCtx: { preferred: 9 } }).numCtx! }, {}],
    ['another length', { numPredict: 9 }, {}],
    ['a format', { format: create(CallSchema, { format: { kind: { case: 'json', value: true } } }).format! }, {}],
    ['thinking', { think: 'true' }, {}],
    ['log probabilities', { logprobs: 1 }, {}],
    ['an unknown field', { extraJson: '{"x":1}' }, {}],
    ['another key', {}, { principal: { ...localPrincipal, id: 'k2' } }],
    ['another privacy', {}, { privacy: Privacy.LOCAL }],
    ['another node', {}, { pin: 'a' }],
    ['another tier', {}, { tier: 1 }],
    ['a choice of parameters', {}, { parameters: 'auto' }],
    ['the next of several answers', {}, { choice: 1 }],
  ])('for %s', async (_, changes, context) => {
    const { ask } = setUp();
    await ask();
    expect(await ask({ ...greedy, ...changes }, context)).toMatchObject({ text: 'answer 2', outcome: 'miss' });
  });

  it.each<[string, Partial<Call>, Partial<Context>]>([
    ['chance plays a part', { optionsJson: '' }, {}],
    ['the seed is any', { optionsJson: '{"seed":-1}' }, {}],
    ['the seed is not all of it', { optionsJson: '{"seed":7}' }, { parameters: 'auto' }],
    ['that is asked for', {}, { cache: 'bypass' }],
    ['the call is a step of a run', {}, { run: 'r' }],
    ['the model is to go afterwards', { keepAliveMs: 0 }, {}],
    ['nothing is asked', { kind: { case: 'chat', value: chatOf() } }, { cache: 'use' }],
  ])('each time if %s', async (_, changes, context) => {
    const { ask, cache } = setUp();
    const call = { ...greedy, ...changes };
    await ask(call, context);
    expect(await ask(call, context)).toMatchObject({ text: 'answer 2', outcome: 'bypass' });
    expect(cache.stats()).toMatchObject({ bypassed: 2, entries: 0 });
  });

  it('for vectors in the other form', async () => {
    const { ask } = setUp();
    await ask(embedding('a'));
    const raw = { ...embedding('a') };
    if (raw.kind.case === 'embed') raw.kind.value.raw = true;
    expect(await ask(raw)).toMatchObject({ text: 'answer 2', outcome: 'miss' });
  });

  it('when the model was replaced, also while it answered', async () => {
    const { ask, version } = setUp();
    await ask();
    version.now = 'd2';
    expect(await ask()).toMatchObject({ text: 'answer 2', outcome: 'miss' });
    version.now = undefined;
    expect(await ask()).toMatchObject({ text: 'answer 3', outcome: 'bypass' });
    const swapped = setUp({}, async function* () {
      yield delta({ text: 'old' });
      swapped.version.now = 'd2';
      yield done({ reason: 'stop' });
    });
    await swapped.ask();
    expect(swapped.cache.stats().entries).toBe(0);
  });

  it('when its time is over, and when it is switched off', async () => {
    const { ask, clock, settings } = setUp();
    await ask();
    await clock.advance(60_000);
    expect(await ask()).toMatchObject({ text: 'answer 2' });
    settings.enabled = false;
    expect(await ask()).toMatchObject({ text: 'answer 3', outcome: 'bypass' });
  });
});

describe('nothing is kept of an answer', () => {
  it.each<[string, readonly Chunk[]]>([
    ['that fails', [delta({ text: 'a' })]],
    ['that was cut for want of room', [delta({ text: 'a' }), done({ reason: 'length' })]],
    ['of another model', [dispatchedTo('other:latest'), delta({ text: 'a' }), done({ reason: 'stop' })]],
    [
      'that two nodes made',
      [
        delta({ text: 'a' }),
        progress({ case: 'retrying', value: { reason: 'resumed', attempt: 1 } }),
        done({ reason: 'stop' }),
      ],
    ],
    ['larger than an eighth of the room', [delta({ text: 'x'.repeat(130_000) }), done({ reason: 'stop' })]],
  ])('%s', async (_, chunks) => {
    const { ask, cache } = setUp({}, async function* () {
      yield* chunks;
      if (chunks.at(-1)!.kind.case !== 'done') throw new ClusterError('upstream_error', 'it broke');
    });
    await ask();
    expect(cache.stats().entries).toBe(0);
    expect(await ask()).toMatchObject({ outcome: 'miss' });
  });

  it('that nobody waited for', async () => {
    const { generate, cache } = setUp();
    const gone = new AbortController();
    const chunks = generate(greedy, contextWith({ signal: gone.signal }))[Symbol.asyncIterator]();
    await chunks.next();
    await chunks.next();
    gone.abort();
    await chunks.return?.();
    expect(cache.stats().entries).toBe(0);
  });
});

describe('calls that come at once', () => {
  /** A model that says a word each time the test lets it. */
  function stepwise() {
    const steps: (() => void)[] = [];
    const signals: AbortSignal[] = [];
    const generate: Generate = async function* (_, { signal }) {
      signals.push(signal);
      for (const text of ['one ', 'two']) {
        await new Promise<void>((resolve, reject) => {
          steps.push(resolve);
          onAbort(signal, () => reject(abortError(signal)));
        });
        yield delta({ text });
      }
      yield done({ reason: 'stop' });
    };
    const step = async (): Promise<void> => {
      await expect.poll(() => steps.length).toBeGreaterThan(0);
      steps.shift()!();
    };
    return { generate, signals, step };
  }

  it('share one, each from its beginning and as it comes', async () => {
    const { generate, signals, step } = stepwise();
    const { ask, cache } = setUp({}, generate);
    const first = ask();
    await step();
    const second = ask();
    await step();
    expect((await first).text).toBe('one two');
    expect(await second).toMatchObject({ text: 'one two', outcome: 'hit' });
    expect(signals).toHaveLength(1);
    expect(cache.stats()).toMatchObject({ hits: 1, misses: 1, entries: 1 });
  });

  it('go on when the one that came first leaves', async () => {
    const { generate, signals, step } = stepwise();
    const { ask } = setUp({}, generate);
    const gone = new AbortController();
    const first = ask(greedy, { signal: gone.signal });
    const second = ask();
    await step();
    gone.abort();
    expect((await first).error).toMatchObject({ reason: 'client_closed' });
    expect(signals[0]!.aborted).toBe(false);
    await step();
    expect((await second).text).toBe('one two');
  });

  it('end when all have left, and the next is a new one', async () => {
    const { generate, signals, step } = stepwise();
    const { ask } = setUp({}, generate);
    const gone = new AbortController();
    const both = [ask(greedy, { signal: gone.signal }), ask(greedy, { signal: gone.signal })];
    await expect.poll(() => signals.length).toBe(1);
    gone.abort();
    for (const { error } of await Promise.all(both)) expect(error).toMatchObject({ reason: 'client_closed' });
    expect(signals[0]!.aborted).toBe(true);
    const next = ask();
    await step();
    await step();
    await step();
    expect((await next).text).toBe('one two');
  });

  it('get pieces of their own', async () => {
    const { generate } = setUp();
    const [first, second] = await Promise.all([1, 2].map(() => Array.fromAsync(generate(greedy, contextWith()))));
    expect(second).toEqual(first);
    for (const [index, { kind }] of second!.entries()) expect(kind.value).not.toBe(first![index]!.kind.value);
  });

  it('are read no faster than by the one who is furthest', async () => {
    let made = 0;
    const { generate } = setUp({}, async function* () {
      for (; made < 100;) yield delta({ text: `${(made += 1)}` });
      yield done({ reason: 'stop' });
    });
    const slow = generate(greedy, contextWith())[Symbol.asyncIterator]();
    const fast = generate(greedy, contextWith())[Symbol.asyncIterator]();
    await slow.next();
    for (let i = 0; i < 10; i++) await fast.next();
    expect(made).toBe(10);
    expect((await slow.next()).value).toMatchObject({ kind: { value: { text: '2' } } });
    expect(made).toBe(10);
    await Promise.all([slow.return?.(), fast.return?.()]);
  });

  it('are not joined once the answer is too large to keep', async () => {
    const { generate, cache } = setUp({ maxBytes: 1_000 }, async function* () {
      for (;;) yield delta({ text: 'x'.repeat(400) });
    });
    const endless = generate(greedy, contextWith())[Symbol.asyncIterator]();
    for (let i = 0; i < 4; i++) await endless.next();
    const other = generate(greedy, contextWith())[Symbol.asyncIterator]();
    await other.next();
    expect(cache.stats()).toMatchObject({ hits: 0, misses: 2 });
    await Promise.all([endless.return?.(), other.return?.()]);
  });

  it('fail together', async () => {
    const { ask } = setUp({}, async function* () {
      yield delta({ text: 'a' });
      throw new ClusterError('upstream_error', 'it broke');
    });
    for (const { error } of await Promise.all([ask(), ask()]))
      expect(error).toMatchObject({ reason: 'upstream_error' });
  });

  it('are apart if other models may answer the one of them, or it may be continued elsewhere', async () => {
    const seen: Context[] = [];
    const { ask } = setUp({}, async function* (_, context) {
      seen.push(context);
      yield delta({ text: context.fallback?.join() ?? 'the model itself' });
      yield done({ reason: 'stop' });
    });
    const ways = [{}, { fallback: ['b'] }, { fallback: ['b', 'c'] }, { resume: true }];
    const answers = await Promise.all([...ways, ...ways].map((way) => ask(greedy, way)));
    const texts = ['the model itself', 'b', 'b,c', 'the model itself'];
    expect(answers.map(({ text }) => text)).toEqual([...texts, ...texts]);
    expect(seen.map(({ fallback, resume }) => ({ fallback, resume }))).toEqual(ways);
  });

  it('are apart if they are of different keys', async () => {
    const { ask, calls } = setUp();
    await Promise.all([ask(), ask(greedy, { principal: { ...localPrincipal, id: 'k2' } })]);
    expect(calls()).toBe(2);
  });
});

describe('the store', () => {
  it('has answers for another process, until their time is over', async () => {
    const { ask, start, clock, calls } = setUp({ persist: true });
    await ask();
    await clock.advance(30_000);
    const other = start();
    expect(await ask(greedy, {}, other.generate)).toMatchObject({ text: 'answer 1', outcome: 'hit' });
    expect(other.cache.stats()).toMatchObject({ hits: 1, misses: 0, entries: 1, savedTokens: 5 });
    await clock.advance(30_000);
    await ask(greedy, {}, other.generate);
    expect(calls()).toBe(2);
    await clock.advance(60_000);
    await ask(greedy, {}, start().generate);
    expect(calls()).toBe(3);
  });

  it('gets nothing unless that is configured, nor what must stay on this machine', async () => {
    const off = setUp();
    await off.ask();
    expect(off.stored.size).toBe(0);
    const on = setUp({ persist: true });
    await on.ask(greedy, { privacy: Privacy.LOCAL });
    expect(on.stored.size).toBe(0);
  });

  it('is not waited for', async () => {
    const clock = virtualClock();
    const never = new Promise<never>(() => {});
    const shelf = createAnswerShelf({ documents: { add: () => never, find: () => never }, clock, ttlMs: () => 1_000 });
    const found = shelf.find('k');
    await clock.advance(200);
    expect(await found).toBeUndefined();
    const away = async (): Promise<never> => {
      throw new ClusterError('storage_unavailable', 'gone');
    };
    const lost = createAnswerShelf({ documents: { add: away, find: away }, clock, ttlMs: () => 1_000 });
    lost.put('k', 'local', new Uint8Array());
    expect(await lost.find('k')).toBeUndefined();
  });
});

function chatOf(...roles: readonly string[]) {
  const { kind } = create(CallSchema, { kind: { case: 'chat', value: { messages: roles.map((role) => ({ role })) } } });
  if (kind.case !== 'chat') throw new Error('not a chat');
  return kind.value;
}

function embedding(text: string): Call {
  return create(CallSchema, { model: 'm:latest', kind: { case: 'embed', value: { inputs: [text] } } });
}

function dispatchedTo(model: string): Chunk {
  return progress({ case: 'dispatched', value: { node: 'a', model, attempt: 1 } });
}
