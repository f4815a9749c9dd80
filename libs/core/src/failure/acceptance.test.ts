import { seededRandom } from '@tutti/testing';
import { describe, expect, it } from 'vitest';
import { callFor, collect, contextWith } from '../calls.fixture.ts';
import type { ClusterError, Reason } from '../error.ts';
import { fallback } from '../fallback.ts';
import type { Generate } from '../generate.ts';
import { accepted, crash, end, failure, fleetOf, hello, word, type Fleet, type Step } from './fleet.fixture.ts';
import { createRetryBudget } from './retry-budget.ts';

const broken: readonly Step[] = [accepted, failure('upstream_error')];
const killed: readonly Step[] = [accepted, failure('node_unreachable')];
const refused: readonly Step[] = [failure('node_unreachable')];

const models = Array.from({ length: 20 }, (_, index) => `m${index}`);

/** One call to its end, with as much time as it needs. */
async function ask(fleet: Fleet, generate = fleet.generate, call = callFor('m'), context = contextWith()) {
  const answer = collect(generate(call, context));
  let settled = false;
  void answer.then(() => (settled = true));
  for (let i = 0; i < 100 && !settled; i++) await fleet.clock.advance(100);
  expect(settled, 'an answer within 10 s').toBe(true);
  const { kinds, text, error } = await answer;
  return { kinds, text, reason: (error as ClusterError | undefined)?.reason };
}

const state = ({ breakers }: Fleet, node: string): string => {
  const { state, models } = breakers.view(node);
  return state === 'closed' ? (models[0]?.state ?? 'closed') : state;
};

describe('check 14: breakers', () => {
  it.each<Reason>(['unauthenticated', 'forbidden', 'rate_limited', 'quota_exhausted'])(
    '14, R3: %s does not open one',
    async (reason) => {
      const fleet = fleetOf({ a: [accepted, failure(reason)] });
      for (let i = 0; i < 10; i++) expect((await ask(fleet)).reason).toBe(reason);
      expect(state(fleet, 'a')).toBe('closed');
    },
  );

  it('14, R1: a busy node is passed over, and its breaker stays closed', async () => {
    const fleet = fleetOf({ a: [accepted, failure('overloaded')], b: hello });
    expect((await ask(fleet)).text).toBe('hello');
    for (let i = 0; i < 60; i++) expect((await ask(fleet)).text).toBe('hello');
    expect(fleet.asked('a')).toBeGreaterThan(15);
    expect(state(fleet, 'a')).toBe('closed');
  });

  it('14: an open one means no attempt at all, even of the only node of its model', async () => {
    const fleet = fleetOf({ a: broken });
    for (let i = 0; i < 3; i++) await ask(fleet);
    expect(fleet.asked('a')).toBe(3);
    const left = new AbortController();
    const answer = collect(fleet.generate(callFor('m'), contextWith({ signal: left.signal })));
    await fleet.clock.advance(4_800);
    expect(fleet.asked('a')).toBe(3);
    left.abort();
    expect(((await answer).error as ClusterError).reason).toBe('client_closed');
  });

  it('14: with a fallback model the open node is left alone, and the other model answers', async () => {
    const only: Generate = async function* (call) {
      if (call.model === 'm:latest') throw failure('upstream_error');
      yield* [word('other'), end];
    };
    const fleet = fleetOf({ a: only });
    const budget = createRetryBudget({ clock: fleet.clock });
    // A caller who would rather have another model than wait.
    const impatient: Generate = async function* (call, context) {
      if (fleet.breakers.ejected(`${call.model}:latest`, ['a']).has('a')) throw failure('no_healthy_node');
      yield* fleet.generate(call, context);
    };
    const context = contextWith({ fallback: ['other'] });
    for (let i = 0; i < 6; i++) {
      expect((await ask(fleet, fallback({ budget }, impatient), callFor('m'), context)).text).toBe('other');
    }
    expect(fleet.attempts.filter(({ call }) => call.model === 'm:latest')).toHaveLength(3);
  });
});

it('15: each failed attempt counts at its own node, retries too', async () => {
  const failsAt = (reason: Reason): Generate =>
    async function* (call) {
      if (call.model === 'm:latest') throw failure(reason);
      yield* [word('hello'), end];
    };
  const [a, b] = [failsAt('upstream_error'), failsAt('bad_upstream')];
  const fleet = fleetOf({ a, b, c: hello, d: hello, e: hello });
  // Calls that go well, for the budget.
  for (let i = 0; i < 40; i++) await ask(fleet, fleet.generate, callFor('other'));
  fleet.attempts.length = 0;
  for (let i = 0; i < 12; i++) expect((await ask(fleet)).text).toBe('hello');
  expect([fleet.asked('a'), fleet.asked('b')]).toEqual([3, 3]);
  expect(fleet.attempts.filter(({ node, context }) => node === 'b' && context.ticket.attempt > 1)).not.toEqual([]);
  expect([state(fleet, 'a'), state(fleet, 'b')]).toEqual(['open', 'open']);
});

it('16: when all nodes are in cooldown a call waits for the first to recover', async () => {
  let down = true;
  const recovering: Generate = async function* () {
    if (down) throw failure('upstream_error');
    yield* [word('back'), end];
  };
  const fleet = fleetOf({ a: recovering });
  for (let i = 0; i < 3; i++) await ask(fleet);
  down = false;
  const answer = collect(fleet.generate(callFor('m'), contextWith()));
  await fleet.clock.advance(4_000);
  expect(fleet.asked('a')).toBe(3);
  await fleet.clock.advance(1_000);
  expect((await answer).text).toBe('back');
});

describe('retry storms', () => {
  const manyCalls = async (fleet: Fleet, count: number, random = seededRandom(7)) => {
    const answers: Promise<unknown>[] = [];
    const { signal, abort } = abortable();
    for (let i = 0; i < count; i++) {
      answers.push(collect(fleet.generate(callFor('m'), contextWith({ signal }))));
      await fleet.clock.advance(random() * 50);
    }
    await fleet.clock.advance(5_000);
    abort();
    return await Promise.all(answers);
  };
  const abortable = () => {
    const controller = new AbortController();
    return { signal: controller.signal, abort: () => controller.abort() };
  };

  it('17: while everything is down, there are no more attempts than 1.2 a call and 3', async () => {
    const fleet = fleetOf({ a: broken, b: broken, c: broken, d: broken });
    await manyCalls(fleet, 500);
    expect(fleet.attempts.length).toBeLessThanOrEqual(1.2 * 500 + 3);
  });

  it.each([1, 2, 3])(
    'Q6: half of all attempts fail, and there are no more than 1.2 a call and 3, seed %i',
    async (seed) => {
      const random = seededRandom(seed);
      const flaky: Generate = async function* () {
        yield accepted;
        if (random() < 0.5) throw failure('upstream_error');
        yield* [word('ok'), end];
      };
      const fleet = fleetOf({ a: flaky, b: flaky, c: flaky, d: flaky, e: flaky, f: flaky }, ['m'], seed);
      await manyCalls(fleet, 500, random);
      expect(fleet.attempts.length).toBeLessThanOrEqual(1.2 * 500 + 3);
      expect(fleet.attempts.length).toBeGreaterThan(1.1 * 500);
    },
  );
});

describe('check 18: a stream that breaks', () => {
  it('18, N1: before the first token another node answers, and the client sees nothing of it', async () => {
    const fleet = fleetOf({ a: killed, b: hello });
    const { text, kinds } = await ask(fleet);
    expect(text).toBe('hello');
    expect(fleet.clock.now(), 'no wait').toBe(100);
    expect(kinds).toEqual(['dispatched', 'accepted', 'retrying', 'dispatched', 'accepted', 'delta', 'done']);
  });

  it('18, N1: a node that dies loses none of many calls that have not begun', async () => {
    const fleet = fleetOf({ a: killed, b: hello, c: hello }, models);
    const answers = models.map((model) => collect(fleet.generate(callFor(model), contextWith())));
    await fleet.clock.advance(5_000);
    expect((await Promise.all(answers)).map(({ text }) => text)).toEqual(models.map(() => 'hello'));
    expect(fleet.asked('a')).toBeGreaterThan(2);
  });

  it.each<[string, ClusterError]>([
    ['N2', failure('node_unreachable')],
    ['R5', failure('bad_upstream')],
    ['R6', failure('upstream_error')],
    ['R8', failure('upstream_timeout')],
  ])('18, %s: after the first token the error is told, and no other node is asked', async (_, error) => {
    const fleet = fleetOf({ a: [accepted, word('so '), word('far'), error], b: hello });
    expect(await ask(fleet)).toMatchObject({ text: 'so far', reason: error.reason });
    expect(fleet.attempts).toHaveLength(1);
  });

  it('18: an end without a last chunk is an error, whether before the first token or after', async () => {
    expect((await ask(fleetOf({ a: [accepted, word('so far')] }))).reason).toBe('bad_upstream');
    expect((await ask(fleetOf({ a: [accepted], b: hello }))).text).toBe('hello');
  });
});

it('19: after a failover there is one answer: nothing of the first attempt, one beginning, one end', async () => {
  const fleet = fleetOf({ a: broken, b: killed, c: [accepted, word('one'), word(' answer'), end, word('more'), end] });
  const { text, kinds } = await ask(fleet);
  expect(text.startsWith('one answer')).toBe(true);
  const started = kinds.indexOf('delta');
  expect(kinds.slice(started).some((kind) => kind === 'retrying' || kind === 'dispatched')).toBe(false);
});

describe('nodes', () => {
  it('N5: a refused connection moves the call at once, for free, and opens the breaker after three', async () => {
    const fleet = fleetOf({ a: refused, b: hello });
    for (let i = 0; i < 40; i++) {
      const answer = collect(fleet.generate(callFor('m'), contextWith()));
      await fleet.clock.advance(0);
      expect((await answer).text).toBe('hello');
    }
    expect(fleet.asked('a')).toBe(3);
  });

  it('N5: any number of nodes that refuse cost no attempt', async () => {
    const fleet = fleetOf({ a: refused, b: refused, c: refused, d: refused, e: refused, f: hello });
    expect((await ask(fleet)).text).toBe('hello');
    expect(fleet.attempts).toHaveLength(6);
  });

  it('N14: a node that drains, or was registered anew, loses no call', async () => {
    const fleet = fleetOf({ a: [failure('draining')], b: [failure('stale_epoch')], c: hello });
    for (let i = 0; i < 20; i++) expect((await ask(fleet)).text).toBe('hello');
    expect(state(fleet, 'a')).toBe('closed');
  });

  it('N12: the only node is asked again when it had only been registered anew', async () => {
    let calls = 0;
    const again: Generate = async function* () {
      calls += 1;
      if (calls === 1) throw failure('stale_epoch');
      yield* [word('hello'), end];
    };
    expect((await ask(fleetOf({ a: again }))).text).toBe('hello');
    expect(calls).toBe(2);
  });

  it('N18: when no node can be reached, each is asked a few times and no more, and the answer is that', async () => {
    const fleet = fleetOf({ a: refused, b: refused });
    expect((await ask(fleet)).reason).toBe('node_unreachable');
    expect(fleet.attempts.length).toBeLessThanOrEqual(6);
  });
});

describe('runners', () => {
  it.each<Reason>(['upstream_error', 'bad_upstream', 'upstream_timeout', 'model_not_found', 'overloaded'])(
    'R2, R4, R9, R10: %s before the first token moves the call',
    async (reason) => {
      expect((await ask(fleetOf({ a: [accepted, failure(reason)], b: hello }))).text).toBe('hello');
    },
  );

  it('R9: whoever waited in vain twice is not made to wait again', async () => {
    const silent: readonly Step[] = [accepted, failure('upstream_timeout')];
    const fleet = fleetOf({ a: silent, b: silent, c: hello });
    expect((await ask(fleet)).reason).toBe('upstream_timeout');
    expect(fleet.attempts).toHaveLength(2);
  });

  it('R12, C1: a call on which two runners die is not given to a third, now or when it comes again', async () => {
    const poisonous: readonly Step[] = [accepted, crash];
    const fleet = fleetOf({ a: poisonous, b: poisonous, c: poisonous, d: poisonous });
    expect((await ask(fleet)).reason).toBe('poison_request');
    expect((await ask(fleet)).reason).toBe('poison_request');
    expect(fleet.attempts).toHaveLength(2);
    await fleet.clock.advance(600_000);
    await ask(fleet);
    expect(fleet.attempts).toHaveLength(4);
  });

  it('C1: agents that die count as runners do', async () => {
    const fleet = fleetOf({ a: killed, b: killed, c: hello });
    expect((await ask(fleet)).reason).toBe('poison_request');
  });

  it('C1: nodes that were never reached did not die of it', async () => {
    const fleet = fleetOf({ a: refused, b: refused, c: refused, d: hello });
    expect((await ask(fleet)).text).toBe('hello');
  });

  it('C1: those who share a node with it are not taken for it', async () => {
    const dead = new Set<string>();
    const killable = (name: string): Generate =>
      async function* (call, { signal }) {
        yield accepted;
        for (let ms = 0; ms < 200; ms += 50) {
          if (call.model === 'poison:latest' && ms === 100) dead.add(name);
          if (dead.has(name)) fleet.cluster.suspend(name);
          await new Promise<void>((resolve) => void fleet.clock.after(50, resolve));
          if (dead.has(name)) throw failure('node_unreachable');
          if (signal.aborted) throw failure('client_closed');
        }
        yield* [word('fine'), end];
      };
    const names = ['a', 'b', 'c', 'd', 'e', 'f'];
    const models = ['m1', 'm2', 'm3', 'm4', 'm5', 'm6', 'm7', 'm8', 'poison', 'm9', 'm10', 'm11', 'm12'];
    const fleet: Fleet = fleetOf(Object.fromEntries(names.map((name) => [name, killable(name)])), models);
    const answers = models.map((model) => collect(fleet.generate(callFor(model), contextWith())));
    await fleet.clock.advance(5_000);
    const failed = (await Promise.all(answers)).flatMap(({ error }, index) => (error ? [models[index]] : []));
    expect(failed).toEqual(['poison']);
    expect(dead.size).toBe(2);
  });
});
