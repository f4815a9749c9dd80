import { describe, expect, it } from 'vitest';
import { callFor, collect, contextWith } from './calls.fixture.ts';
import { progress } from './chunk.ts';
import type { ClusterError } from './error.ts';
import { accepted, end, failure, fleetOf, hello, word, type Nodes, type Step } from './failure/fleet.fixture.ts';
import { createRetryBudget } from './failure/retry-budget.ts';
import { Priority, type Chunk, type Context } from './generate.ts';
import { hedged } from './hedged.ts';

const minute = 60_000;
const slow = [accepted, minute, word('slow'), end];
const queued = progress({ case: 'queued', value: { position: 1 } });

function setUp(nodes: Nodes, { idle = ['b'], afterMs = 0, retries = 3 } = {}) {
  const fleet = fleetOf(nodes);
  const budget = createRetryBudget({ clock: fleet.clock, floor: retries, ratio: 0 });
  const asked: string[][] = [];
  const idleResident = (_: unknown, excluded: ReadonlySet<string>): string | undefined => {
    asked.push([...excluded]);
    return idle[0];
  };
  const options = { clock: fleet.clock, budget, afterMs: () => afterMs, idleResident };
  const generate = hedged(options, fleet.dispatch);
  const ask = (changes: Partial<Context> = {}) =>
    generate(callFor('m'), contextWith({ priority: Priority.INTERACTIVE, ...changes }));
  return { ...fleet, ask, idleAsked: asked };
}

describe('a second attempt', () => {
  it('answers when the first is late, and the first is stopped at that moment', async () => {
    const { clock, ask, attempts } = setUp({ a: slow, b: [accepted, 500, word('fast'), end] });
    const answer = collect(ask());
    await clock.advance(1_999);
    expect(attempts).toHaveLength(1);
    await clock.advance(1);
    expect(attempts.map(({ node }) => node)).toEqual(['a', 'b']);
    expect(attempts[0]?.context.signal.aborted).toBe(false);
    await clock.advance(500);
    expect(attempts[0]?.context.signal.aborted).toBe(true);
    const { text, kinds } = await answer;
    expect(text).toBe('fast');
    expect(kinds).toEqual(['dispatched', 'accepted', 'dispatched', 'accepted', 'delta', 'done']);
  });

  it('is stopped when the first answers after all', async () => {
    const { clock, ask, attempts } = setUp({ a: [accepted, 2_100, word('a'), 300, word('b'), end], b: slow });
    const answer = collect(ask());
    await clock.advance(2_100);
    expect(attempts.map(({ context }) => context.signal.aborted)).toEqual([false, true]);
    await clock.advance(300);
    expect((await answer).text).toBe('ab');
    expect((await answer).kinds.filter((kind) => kind === 'dispatched')).toHaveLength(1);
  });

  it('waits as long as such a call usually takes', async () => {
    const { clock, ask, attempts } = setUp({ a: slow, b: hello }, { afterMs: 7_000 });
    const answer = collect(ask());
    await clock.advance(6_999);
    expect(attempts).toHaveLength(1);
    await clock.advance(1);
    expect((await answer).text).toBe('hello');
  });

  it('goes only where the model is in memory and a slot is free, and never to the same node', async () => {
    const { clock, ask, attempts, idleAsked } = setUp({ a: slow, b: hello });
    const answer = collect(ask());
    await clock.advance(minute);
    await answer;
    expect(idleAsked).toEqual([['a']]);
    expect(attempts[1]?.context.pin).toBe('b');
    expect(attempts[1]?.context.ticket.excluded.has('a')).toBe(true);
    const none = setUp({ a: slow, b: hello }, { idle: [] });
    const alone = collect(none.ask());
    await none.clock.advance(minute);
    expect((await alone).text).toBe('slow');
    expect(none.attempts).toHaveLength(1);
  });

  it('does not wait for the slot that somebody else was quicker to take', async () => {
    const { clock, ask, attempts } = setUp({ a: slow, b: [queued, 100, word('fast'), end] });
    const answer = collect(ask());
    await clock.advance(2_000);
    expect(attempts[1]?.context.signal.aborted).toBe(true);
    await clock.advance(minute);
    expect((await answer).text).toBe('slow');
  });

  it.each<[string, readonly Step[]]>([
    ['fail', [accepted, failure('upstream_error')]],
    ['find nobody there', [failure('node_unreachable')]],
  ])('may %s without harm', async (_, steps) => {
    const { clock, ask } = setUp({ a: slow, b: steps });
    const answer = collect(ask());
    await clock.advance(minute);
    expect((await answer).text).toBe('slow');
  });

  it('C1: ends both when its node died of it', async () => {
    const { clock, ask, attempts } = setUp({ a: slow, b: [accepted, failure('node_unreachable')] });
    const answer = collect(ask());
    await clock.advance(2_000);
    const { error, kinds } = await answer;
    expect((error as ClusterError).reason).toBe('node_unreachable');
    expect(kinds.slice(-2)).toEqual(['dispatched', 'accepted']);
    expect(attempts[0]?.context.signal.aborted).toBe(true);
  });

  it('does not outlive the failure of the first', async () => {
    const { clock, ask, attempts } = setUp({ a: [accepted, 2_500, failure('upstream_error')], b: slow });
    const answer = collect(ask());
    await clock.advance(2_500);
    expect(((await answer).error as ClusterError).reason).toBe('upstream_error');
    expect(attempts[1]?.context.signal.aborted).toBe(true);
  });
});

describe('nobody is asked twice', () => {
  const alone = async (changes: Partial<Context>, options = {}): Promise<number> => {
    const { clock, ask, attempts } = setUp({ a: slow, b: hello }, options);
    const answer = collect(ask(changes));
    await clock.advance(2 * minute);
    await answer;
    return attempts.length;
  };

  it.each<[string, Partial<Context>]>([
    ['for calls that nobody waits for', { priority: Priority.DEFAULT }],
    ['for calls that are pinned', { pin: 'a' }],
    ['for retries', { ticket: { ...contextWith().ticket, attempt: 2 } }],
  ])('%s', async (_, changes) => {
    expect(await alone(changes)).toBe(1);
  });

  it('without a retry left', async () => {
    expect(await alone({}, { retries: 0 })).toBe(1);
  });

  it('for more than one call of fifty', async () => {
    const { clock, ask, attempts } = setUp({ a: slow, b: slow }, { retries: 1_000 });
    const answers = Array.from({ length: 200 }, () => collect(ask()));
    await clock.advance(2 * minute);
    await Promise.all(answers);
    expect(attempts.length - 200).toBeLessThanOrEqual(1 + 0.02 * 200);
    expect(attempts.length).toBeGreaterThan(200);
  });

  it('unless it is asked for', () => {
    const { dispatch } = fleetOf({ a: hello });
    expect(hedged(undefined, dispatch)).toBe(dispatch);
  });
});

it('stops both when the reader leaves', async () => {
  const { clock, ask, attempts } = setUp({ a: slow, b: slow });
  const left = new AbortController();
  const answer = collect(ask({ signal: left.signal }));
  await clock.advance(3_000);
  left.abort();
  expect(((await answer).error as ClusterError).reason).toBe('client_closed');
  expect(attempts.map(({ context }) => context.signal.aborted)).toEqual([true, true]);
  expect(clock.pending).toBe(0);
});

it('reads no further than it is asked to', async () => {
  const { ask } = setUp({ a: [accepted, word('one'), word('two'), end] });
  const chunks: Chunk[] = [];
  for await (const chunk of ask()) {
    chunks.push(chunk);
    if (chunk.kind.case === 'delta') break;
  }
  expect(chunks.at(-1)?.kind.value).toMatchObject({ text: 'one' });
});
