import { describe, expect, it } from 'vitest';
import { callFor, collect, contextWith, stateWith } from './calls.fixture.ts';
import { progress } from './chunk.ts';
import type { ClusterError } from './error.ts';
import {
  accepted,
  end,
  failure,
  fleetOf,
  hello,
  scripted,
  word,
  type Nodes,
  type Step,
} from './failure/fleet.fixture.ts';
import { createRetryBudget } from './failure/retry-budget.ts';
import { Priority, type Chunk, type Context } from './generate.ts';
import { hedged } from './hedged.ts';

const minute = 60_000;
const slow = [accepted, minute, word('slow'), end];
const cold = { models: ['m'] };
const warm = { models: ['m'], resident: ['m:latest'], slots: 1_000 };
const queued = progress({ case: 'queued', value: { position: 1 } });

function setUp(nodes: Nodes, { afterMs = 2_000, retries = 3, budget = 0.02 } = {}) {
  const fleet = fleetOf(nodes);
  const { clock, cluster } = fleet;
  const options = { clock, cluster, budget, afterMs, retries: createRetryBudget({ clock, floor: retries, ratio: 0 }) };
  const generate = hedged(options, fleet.dispatch);
  const ask = (changes: Partial<Context> = {}) =>
    generate(callFor('m'), contextWith({ priority: Priority.INTERACTIVE, ...changes }));
  /** What a node has from now on, and does. */
  const report = (node: string, facts: Parameters<typeof stateWith>[0], steps: readonly Step[] = hello): void =>
    cluster.report(node, scripted(clock, steps), stateWith(facts));
  return { ...fleet, ask, report };
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

  it('waits as long as such calls usually take', async () => {
    const { clock, ask, report, cluster } = setUp({ a: [accepted, 7_000, word('slow'), end], b: hello });
    report('b', cold);
    for (let call = 0; call < 20; call++) {
      const answer = collect(ask());
      await clock.advance(7_000);
      await answer;
    }
    report('a', warm, slow);
    report('b', warm, [accepted, 500, word('fast'), end]);
    const running = (): number[] => cluster.nodes.map(({ inFlight }) => inFlight);
    const answer = collect(ask());
    await clock.advance(6_999);
    expect(running()).toEqual([1, 0]);
    await clock.advance(1);
    expect(running()).toEqual([1, 1]);
    await clock.advance(500);
    expect((await answer).text).toBe('fast');
  });

  it('never goes to the same node', async () => {
    const { clock, ask, attempts } = setUp({ a: slow, b: hello });
    const answer = collect(ask());
    await clock.advance(minute);
    await answer;
    expect(attempts[1]?.context.pin).toBe('b');
    expect(attempts[1]?.context.ticket.excluded.has('a')).toBe(true);
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

  it('goes on when the first fails', async () => {
    const { clock, ask, attempts } = setUp({
      a: [accepted, 2_500, failure('upstream_error')],
      b: [accepted, 1_000, word('fast'), end],
    });
    const answer = collect(ask());
    await clock.advance(2_500);
    expect(attempts[1]?.context.signal.aborted).toBe(false);
    await clock.advance(500);
    const { text, kinds } = await answer;
    expect(text).toBe('fast');
    expect(kinds).toEqual(['dispatched', 'accepted', 'dispatched', 'accepted', 'delta', 'done']);
  });

  it('that fails after the first leaves what the first failed with', async () => {
    const { clock, ask, attempts } = setUp({
      a: [accepted, 2_500, failure('upstream_error')],
      b: [accepted, 1_000, failure('bad_upstream')],
    });
    const answer = collect(ask());
    await clock.advance(3_000);
    expect(((await answer).error as ClusterError).reason).toBe('upstream_error');
    expect(attempts).toHaveLength(2);
  });

  it('C1: ends when the node of the first died of the call', async () => {
    const { clock, ask, attempts } = setUp({ a: [accepted, 2_500, failure('node_unreachable')], b: slow });
    const answer = collect(ask());
    await clock.advance(2_500);
    expect(((await answer).error as ClusterError).reason).toBe('node_unreachable');
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

  it('where no other node has the model in memory', async () => {
    const { clock, ask, report, attempts } = setUp({ a: slow, b: hello });
    report('b', cold);
    const answer = collect(ask());
    await clock.advance(minute);
    expect((await answer).text).toBe('slow');
    expect(attempts).toHaveLength(1);
  });

  it('where all slots of the others are taken', async () => {
    const { clock, ask, report, cluster, attempts } = setUp({ a: slow, b: hello });
    report('b', { ...warm, slots: 1 });
    const taken = cluster.request(callFor('m'), contextWith({ pin: 'b' }));
    const answer = collect(ask());
    await clock.advance(minute);
    expect((await answer).text).toBe('slow');
    expect(attempts).toHaveLength(1);
    taken.release();
  });

  it('while others wait, and that costs nothing', async () => {
    const { clock, ask, report, cluster, attempts } = setUp({ a: slow, b: hello, c: hello });
    report('c', { models: ['z'], resident: ['z:latest'], slots: 1 });
    const waiting = [1, 2, 3].map(() => cluster.request(callFor('z'), contextWith()));
    const first = collect(ask());
    await clock.advance(2_000);
    expect(attempts).toHaveLength(1);
    for (const request of waiting) request.release();
    const next = collect(ask());
    await clock.advance(2_000);
    expect((await next).text).toBe('hello');
    await clock.advance(minute);
    expect((await first).text).toBe('slow');
  });

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
    expect(attempts.length).toBeGreaterThan(201);
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
