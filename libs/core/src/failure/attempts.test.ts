import { virtualClock } from '@tutti/testing';
import { describe, expect, it } from 'vitest';
import { callFor, collect, contextWith } from '../calls.fixture.ts';
import { progress } from '../chunk.ts';
import type { ClusterError } from '../error.ts';
import type { Chunk, Context, Generate } from '../generate.ts';
import { pause } from '../pause.ts';
import { retried } from '../retried.ts';
import { throwIfAborted } from '../signal.ts';
import { accepted, crash, end, failure, word } from './fleet.fixture.ts';
import { createQuarantine } from './quarantine.ts';
import { createRetryBudget, type RetryBudget } from './retry-budget.ts';

const on = (node: string): Chunk =>
  progress({ case: 'dispatched', value: { node, reason: '', attempt: 1, model: 'm' } });

type Script = (Chunk | ClusterError | number)[];

/** Attempts that go as they are written, and what each got to know. */
function stackOf(scripts: readonly Script[], { attempts = 3, random = (): number => 1, floor = 9 } = {}) {
  const clock = virtualClock();
  const begun: { at: number; context: Context }[] = [];
  const quarantine = createQuarantine({ clock });
  let deposits = 0;
  const own = createRetryBudget({ clock, floor });
  const budget: RetryBudget = {
    ...own,
    deposit() {
      deposits += 1;
      own.deposit();
    },
  };
  const next: Generate = async function* (_call, context) {
    const script = scripts[begun.length];
    begun.push({ at: clock.now(), context });
    for (const step of script ?? []) {
      if (typeof step === 'number') await pause(clock, step, context.signal);
      throwIfAborted(context.signal);
      if (step instanceof Error) throw step;
      if (typeof step !== 'number') yield step;
    }
  };
  return {
    clock,
    begun,
    quarantine,
    deposits: () => deposits,
    generate: retried({ clock, random, attempts, budget, quarantine }, next),
  };
}

async function run({ clock, generate }: ReturnType<typeof stackOf>, context = contextWith()) {
  const answer = collect(generate(callFor('m'), context));
  await clock.advance(60_000);
  const { kinds, text, error } = await answer;
  return { kinds, text, reason: (error as ClusterError | undefined)?.reason };
}

const fails = (node: string): Script => [on(node), accepted, failure('upstream_error')];
const works = (node: string): Script => [on(node), accepted, word('hello'), end];

describe('between attempts', () => {
  it('passes time, up to twice as much each time and never more than a second', async () => {
    const stack = stackOf(['a', 'b', 'c', 'd', 'e', 'f', 'g'].map(fails), { attempts: 7 });
    await run(stack);
    expect(stack.begun.map(({ at }) => at)).toEqual([0, 100, 300, 700, 1_500, 2_500, 3_500]);
  });

  it('passes as much of it as chance says', async () => {
    const stack = stackOf([fails('a'), works('b')], { random: () => 0.25 });
    expect((await run(stack)).text).toBe('hello');
    expect(stack.begun.map(({ at }) => at)).toEqual([0, 25]);
  });

  it('passes none after a node that is gone, or had not taken the call', async () => {
    const gone: Script = [on('a'), accepted, failure('node_unreachable')];
    const stack = stackOf([gone, [on('b'), failure('draining')], works('c')]);
    expect((await run(stack)).text).toBe('hello');
    expect(stack.begun.map(({ at }) => at)).toEqual([0, 0, 0]);
  });

  it('is told which attempt follows, and why', async () => {
    const { generate, clock } = stackOf([fails('a'), [on('b'), accepted, failure('bad_upstream')], works('c')]);
    const told: unknown[] = [];
    const read = async (): Promise<void> => {
      for await (const { kind } of generate(callFor('m'), contextWith())) {
        if (kind.case === 'progress' && kind.value.kind.case === 'retrying') told.push(kind.value.kind.value);
      }
    };
    const done = read();
    await clock.advance(60_000);
    await done;
    expect(told).toMatchObject([
      { reason: 'upstream_error', attempt: 1 },
      { reason: 'bad_upstream', attempt: 2 },
    ]);
  });
});

describe('the next attempt', () => {
  it('keeps away from all nodes that have failed the call, and keeps its place', async () => {
    const stack = stackOf([fails('a'), fails('b'), works('c')]);
    const context = contextWith();
    await run(stack, context);
    const tickets = stack.begun.map(({ context: { ticket } }) => ticket);
    expect(tickets.map(({ attempt, excluded }) => [attempt, ...excluded])).toEqual([[1], [2, 'a'], [3, 'a', 'b']]);
    expect(tickets.every(({ place }) => place === context.ticket.place)).toBe(true);
  });

  it('may come back to nodes that had not taken the call, if nobody else is left', async () => {
    const stack = stackOf([fails('a'), [on('b'), failure('draining')], [failure('no_healthy_node')], works('b')]);
    expect((await run(stack)).text).toBe('hello');
    expect(stack.begun.map(({ context: { ticket } }) => [...ticket.excluded])).toEqual([[], ['a'], ['a', 'b'], ['a']]);
  });

  it('is none where nobody is left: what the last node said is told, or else that nobody is', async () => {
    expect((await run(stackOf([fails('a'), [failure('no_healthy_node')]]))).reason).toBe('upstream_error');
    expect((await run(stackOf([[failure('no_healthy_node')]]))).reason).toBe('no_healthy_node');
    const turnedAway = stackOf([fails('a'), [on('b'), failure('draining')], [failure('no_healthy_node')]], {
      attempts: 2,
    });
    expect((await run(turnedAway)).reason).toBe('draining');
  });

  it('is none once the answer has begun, or has ended too soon after that', async () => {
    const begun = stackOf([[on('a'), accepted, word('so '), failure('upstream_error')], works('b')]);
    expect(await run(begun)).toMatchObject({ text: 'so ', reason: 'upstream_error' });
    const short = stackOf([[on('a'), accepted, word('so ')], works('b')]);
    expect(await run(short)).toMatchObject({ text: 'so ', reason: 'bad_upstream' });
    const silent = stackOf([[on('a'), accepted], works('b')]);
    expect(await run(silent)).toMatchObject({ text: 'hello' });
  });

  it('is none for a caller who has left', async () => {
    const left = new AbortController();
    const stack = stackOf([[on('a'), 100, failure('upstream_error')], works('b')]);
    const answer = collect(stack.generate(callFor('m'), contextWith({ signal: left.signal })));
    await stack.clock.advance(50);
    left.abort();
    await stack.clock.advance(60_000);
    expect(((await answer).error as ClusterError).reason).toBe('client_closed');
    expect(stack.begun).toHaveLength(1);
  });

  it('is paid for by calls that nodes got, once each', async () => {
    const paid = async (scripts: readonly Script[], context = contextWith()) => {
      const stack = stackOf(scripts);
      await run(stack, context);
      return stack.deposits();
    };
    expect(await paid([works('a')])).toBe(1);
    expect(await paid([fails('a'), fails('b'), works('c')])).toBe(1);
    expect(await paid([[failure('no_healthy_node')]])).toBe(0);
    expect(await paid([works('a')], contextWith({ ticket: { ...contextWith().ticket, attempt: 2 } }))).toBe(0);
  });

  it('is none when the budget is spent', async () => {
    const stack = stackOf([fails('a'), works('b')], { floor: 0 });
    expect((await run(stack)).reason).toBe('upstream_error');
  });
});

describe('C1: a suspect', () => {
  const dies = (node: string): Script => [on(node), accepted, crash];

  /** Another suspect is being tried on node b. */
  function besideAnother(scripts: readonly Script[]) {
    const stack = stackOf(scripts);
    const other = stack.quarantine.record(callFor('other'), contextWith().ticket);
    other.died('x');
    other.enter('b');
    return { stack, other };
  }

  it('goes to another node than one where another suspect is tried', async () => {
    const { stack } = besideAnother([dies('a'), [on('b'), accepted, word('wrong'), end], works('c')]);
    expect((await run(stack)).text).toBe('hello');
    expect(stack.begun.map(({ context: { ticket } }) => [...ticket.excluded])).toEqual([[], ['a'], ['a', 'b']]);
  });

  it('may go there again after a third node has failed it', async () => {
    const { stack, other } = besideAnother([
      dies('a'),
      [on('b')],
      [on('c'), 500, failure('upstream_error')],
      works('b'),
    ]);
    const answer = collect(stack.generate(callFor('m'), contextWith()));
    await stack.clock.advance(200);
    other.leave();
    await stack.clock.advance(5_000);
    expect((await answer).text).toBe('hello');
    expect([...stack.begun[3]!.context.ticket.excluded]).toEqual(['a', 'c']);
  });

  it('waits for the other one to be through where no other node is, and then goes there', async () => {
    const { stack, other } = besideAnother([dies('a'), [on('b')], [failure('no_healthy_node')], works('b')]);
    const answer = collect(stack.generate(callFor('m'), contextWith()));
    await stack.clock.advance(30_000);
    expect(stack.begun).toHaveLength(3);
    other.leave();
    await stack.clock.advance(1_000);
    expect((await answer).text).toBe('hello');
    expect([...stack.begun[3]!.context.ticket.excluded]).toEqual(['a']);
  });

  it('stops waiting for a third node when the other one is through', async () => {
    const { stack, other } = besideAnother([dies('a'), [on('b')], [600_000, on('c')], works('b')]);
    const answer = collect(stack.generate(callFor('m'), contextWith()));
    await stack.clock.advance(5_000);
    expect(stack.begun).toHaveLength(3);
    other.leave();
    await stack.clock.advance(1_000);
    expect((await answer).text).toBe('hello');
    expect(stack.clock.now()).toBeLessThan(10_000);
  });

  it('is not taken from the third node once that has it', async () => {
    const { stack, other } = besideAnother([dies('a'), [on('b')], [on('c'), accepted, 4_000, word('third'), end]]);
    const answer = collect(stack.generate(callFor('m'), contextWith()));
    await stack.clock.advance(2_000);
    other.leave();
    await stack.clock.advance(5_000);
    expect((await answer).text).toBe('third');
  });

  it('is no suspect for a node that died before it had the call', async () => {
    const stack = stackOf([[on('a'), failure('node_unreachable')], [on('b'), failure('node_unreachable')], works('c')]);
    expect((await run(stack)).text).toBe('hello');
    expect((await run(stackOf([dies('a'), dies('b'), works('c')]))).reason).toBe('poison_request');
    const gone = (node: string): Script => [on(node), accepted, failure('node_unreachable')];
    expect((await run(stackOf([gone('a'), gone('b'), works('c')]))).reason).toBe('poison_request');
    // Whether a node has taken the call is asked of each anew.
    const untaken: Script = [on('b'), failure('node_unreachable')];
    expect((await run(stackOf([gone('a'), untaken, works('c')]))).text).toBe('hello');
  });

  it('frees its node for others with its first output, and is free of suspicion with its last', async () => {
    const stack = stackOf([dies('a'), [on('b'), accepted, 1_000, word('on'), 1_000, end], dies('c'), works('d')]);
    const answer = collect(stack.generate(callFor('m'), contextWith()));
    await stack.clock.advance(600);
    const other = stack.quarantine.record(callFor('other'), contextWith().ticket);
    other.died('x');
    expect(other.enter('b')).toBe(false);
    await stack.clock.advance(1_000);
    expect(other.enter('b')).toBe(true);
    await stack.clock.advance(5_000);
    expect((await answer).text).toBe('on');
    // It starts anew: one death more is the first.
    expect((await run(stack)).text).toBe('hello');
  });
});
