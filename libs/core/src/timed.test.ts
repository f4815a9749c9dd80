import { virtualClock, type VirtualClock } from '@tutti/testing';
import { describe, expect, it } from 'vitest';
import { create } from '@bufbuild/protobuf';
import { CallSchema } from '@tutti/proto/tutti/agent/v1/call';
import { callFor, collect, contextWith } from './calls.fixture.ts';
import { progress } from './chunk.ts';
import type { ClusterError } from './error.ts';
import { accepted, end, failure, hello, scripted, word, type Step } from './failure/fleet.fixture.ts';
import type { Call, Context } from './generate.ts';
import { timed } from './timed.ts';

const minute = 60_000;
const day = 24 * 60 * minute;
const loading = progress({ case: 'loading', value: { elapsedMs: 1 } });
const reloads = progress({ case: 'started', value: { queueMs: 0, reload: true } });
const queued = progress({ case: 'accepted', value: { waiting: 1 } });
const call = callFor('m');
const callWithTools = create(CallSchema, {
  model: 'm',
  kind: { case: 'chat', value: { messages: [{ role: 'user' }], tools: [{ name: 'f' }] } },
});

interface Result {
  readonly reason: string | undefined;
  readonly message: string | undefined;
  readonly text: string;
  /** When it ended. */
  readonly atMs: number;
}

async function ask(steps: readonly Step[], firstOutputMs = 0, asked: Call = call, context: Context = contextWith()) {
  const clock = virtualClock();
  const generate = timed({ clock, firstOutputMs }, scripted(clock, steps));
  let result: Result | undefined;
  void collect(generate(asked, context)).then(({ text, error }) => {
    const { reason, message } = (error ?? {}) as Partial<ClusterError>;
    result = { text, reason, message, atMs: clock.now() };
  });
  await clock.advance(day);
  return { ...result!, clock };
}

describe('until the first output', () => {
  it('R9: gives a minute more than was expected', async () => {
    const { reason, message, atMs } = await ask([accepted, day], 5_000);
    expect({ reason, atMs }).toEqual({ reason: 'upstream_timeout', atMs: 65_000 });
    expect(message).toBe('The node brought no output; the call was given up after 65 s.');
    expect(await ask([accepted, 64_000, word('late'), end], 5_000)).toMatchObject({ reason: undefined, text: 'late' });
  });

  it('gives ten minutes at most, whatever was expected', async () => {
    expect((await ask([day], 3_000_000)).atMs).toBe(600_000);
  });

  it.each([
    ['the model is loaded', loading],
    ['the model is loaded for this call', reloads],
    ['the call waits at the node', queued],
  ])('R11: waits while %s', async (_, chunk) => {
    const answer = await ask([accepted, chunk, 90_000, word('here'), end]);
    expect(answer).toMatchObject({ reason: undefined, text: 'here' });
    expect((await ask([accepted, chunk, day])).atMs).toBe(300_000);
  });

  it('waits no longer for a model that is there', async () => {
    const started = progress({ case: 'started', value: { queueMs: 0 } });
    expect((await ask([accepted, started, day])).atMs).toBe(60_000);
  });

  it('ends a load that says it goes on after ten minutes', async () => {
    const steps = Array.from({ length: 60 }, () => [loading, 30_000] as const).flat();
    expect((await ask(steps)).atMs).toBe(600_000);
  });
});

describe('between outputs', () => {
  it('R8: takes thirty seconds of silence for a stall', async () => {
    const { reason, text, atMs } = await ask([word('a'), 1_000, word('b'), day]);
    expect({ reason, text, atMs }).toEqual({ reason: 'upstream_timeout', text: 'ab', atMs: 31_000 });
  });

  it('bears longer silences from a model that is slow throughout, up to two minutes', async () => {
    const slow = Array.from({ length: 40 }, () => [word('.'), 12_000] as const).flat();
    const { reason, atMs } = await ask([...slow, word('!'), day]);
    expect(reason).toBe('upstream_timeout');
    expect(atMs - 40 * 12_000).toBeGreaterThan(55_000);
    expect(atMs - 40 * 12_000).toBeLessThan(61_000);
    const slower = Array.from({ length: 25 }, () => [word('.'), 29_000] as const).flat();
    expect((await ask([...slower, word('!'), day])).atMs - 25 * 29_000).toBe(120_000);
  });

  it('bears two minutes where a function call may be on its way', async () => {
    const steps = [word('a'), 100_000, word('b'), end];
    expect((await ask(steps, 0, callWithTools)).text).toBe('ab');
    expect((await ask(steps)).text).toBe('a');
  });

  it('does not blame the node for a reader that takes its time', async () => {
    const clock = virtualClock();
    const generate = timed({ clock, firstOutputMs: 0 }, scripted(clock, [word('a'), 1_000, word('b'), end]));
    const chunks = generate(call, contextWith())[Symbol.asyncIterator]();
    await chunks.next();
    await clock.advance(10 * minute);
    const next = chunks.next();
    await clock.advance(1_000);
    expect((await next).value?.kind.value).toMatchObject({ text: 'b' });
    await chunks.return?.();
    expect(clock.pending).toBe(0);
  });
});

it('R7: ends an answer that does not end after half an hour', async () => {
  const endless = Array.from({ length: 1_000 }, () => [word('.'), 10_000] as const).flat();
  expect(await ask(endless)).toMatchObject({
    reason: 'upstream_timeout',
    message: 'The answer was not complete after 1800 s.',
    atMs: 30 * minute,
  });
});

it('stops the call that it gives up', async () => {
  const clock = virtualClock();
  let seen: Context | undefined;
  const generate = timed({ clock, firstOutputMs: 0 }, async function* (asked, context) {
    seen = context;
    yield* scripted(clock, [day])(asked, context);
  });
  const answer = collect(generate(call, contextWith()));
  await clock.advance(minute);
  expect(((await answer).error as ClusterError).reason).toBe('upstream_timeout');
  expect(seen?.signal.aborted).toBe(true);
});

it('says what it was, and after how long, whatever the call that is given up says itself', async () => {
  const clock = virtualClock();
  await clock.advance(day);
  const generate = timed({ clock, firstOutputMs: 0 }, async function* (_call, { signal }) {
    yield accepted;
    await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
    throw failure('client_closed');
  });
  const answer = collect(generate(call, contextWith()));
  await clock.advance(minute);
  expect((await answer).error).toMatchObject({
    reason: 'upstream_timeout',
    message: 'The node brought no output; the call was given up after 60 s.',
  });
});

it('passes on that the caller has left', async () => {
  const left = new AbortController();
  left.abort();
  expect((await ask([day], 0, call, contextWith({ signal: left.signal }))).reason).toBe('client_closed');
});

it('sets one timer, and none for a chunk', async () => {
  const clock: VirtualClock = virtualClock();
  let set = 0;
  const counted = { ...clock, after: (ms: number, task: () => void) => (set++, clock.after(ms, task)) };
  const steps = Array.from({ length: 10_000 }, () => word('.'));
  const { kinds } = await collect(
    timed({ clock: counted, firstOutputMs: 0 }, scripted(clock, [...steps, end]))(call, contextWith()),
  );
  expect(kinds).toHaveLength(10_001);
  expect(set).toBe(1);
  expect(clock.pending).toBe(0);
});

it('changes nothing of an answer in time', async () => {
  const { text, reason, clock } = await ask(hello);
  expect({ text, reason }).toEqual({ text: 'hello', reason: undefined });
  expect(clock.pending).toBe(0);
});
