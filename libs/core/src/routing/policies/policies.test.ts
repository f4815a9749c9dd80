import { seededRandom } from '@tutti/testing';
import { describe, expect, it } from 'vitest';
import { policyNames, type Policy, type Route } from '../policy.ts';
import { demand, nodeFacts, runnerFacts, runningCall } from '../routing.fixture.ts';
import { describePolicy, optionOn, startsOf, viewOf } from './contract.fixture.ts';
import { policies } from './table.ts';

const facts: Omit<Route, 'policy'> = {
  match: '*',
  weights: { n0: 3, n1: 1, n2: 1, n3: 0.5, n4: 2 },
  primary: 'n0',
  fallback: ['n1', 'n2', 'n3', 'n4'],
};

for (const policy of policyNames) describePolicy(policy, () => policies[policy]({ ...facts, policy }));

const weighted = (weights: Record<string, number>, rest: Partial<Route> = {}): Policy =>
  policies.weighted({ match: '*', policy: 'weighted', weights, ...rest });

const roundRobin = (rest: Partial<Route> = {}): Policy =>
  policies['round-robin']({ match: '*', policy: 'round-robin', ...rest });

const options = (...nodes: string[]) => nodes.map((node) => optionOn(node));

it.each(policyNames.filter((name) => name !== 'cost'))(
  'of equals, %s takes the one whose name comes first',
  (policy) => {
    const route: Route = { match: '*', policy, weights: { a: 1, b: 1 } };
    for (const nodes of [options('a', 'b'), options('b', 'a')]) {
      expect(policies[policy](route).pick(demand(), nodes, viewOf()).node).toBe('a');
    }
  },
);

describe('weighted', () => {
  it('gives 80 and 20 of a hundred, and spreads the turns', () => {
    const policy = weighted({ a: 80, b: 20 });
    const turns = Array.from({ length: 10 }, () => Object.keys(startsOf(policy, 1, options('a', 'b')))[0]);
    expect(turns.join('')).toBe('aabaaaabaa');
    expect(startsOf(policy, 10_000, options('a', 'b'))).toEqual({ a: 8_000, b: 2_000 });
  });

  it('keeps the parts within 1 % over 10,000 calls when chance turns the wheel', () => {
    const view = viewOf([], { random: seededRandom(11) });
    const { a } = startsOf(weighted({ a: 80, b: 20 }, { temperature: 1 }), 10_000, options('a', 'b'), view);
    expect(Math.abs(a! / 10_000 - 0.8)).toBeLessThan(0.01);
  });

  it('lets chance turn the wheel as often as the temperature says', () => {
    const turns = (temperature: number): string =>
      Array.from({ length: 40 }, () => weighted({ a: 1, b: 1 }, { temperature }))
        .map((policy, i) => policy.pick(demand(), options('a', 'b'), viewOf([], { random: seededRandom(i) })).node)
        .join('');
    expect(turns(0)).toBe('a'.repeat(40));
    expect(turns(1).replaceAll('a', '').length).toBeGreaterThan(10);
  });

  it('gives nothing to a node of weight 0, or one that has no name in it', () => {
    for (const temperature of [0, 1]) {
      const policy = weighted({ a: 1, zero: 0 }, { temperature });
      expect(startsOf(policy, 1_000, options('zero', 'a', 'unnamed'))).toEqual({ a: 1_000 });
    }
  });

  it('waits for a node with weight rather than start on one without', () => {
    const busy = optionOn('a', { startable: false, startAt: 60_000, totalMs: 61_000 });
    expect(weighted({ a: 1 }).pick(demand(), [busy, optionOn('unnamed')], viewOf())).toBe(busy);
  });

  it('passes over a node that cannot start the call, and does not make up for it', () => {
    const policy = weighted({ a: 80, b: 20 });
    const full = [optionOn('a', { startable: false, startAt: 500 }), optionOn('b')];
    expect(startsOf(policy, 100, full)).toEqual({ b: 100 });
    expect(startsOf(policy, 100, options('a', 'b'))).toEqual({ a: 80, b: 20 });
  });

  it('shares among those that are left as their weights say', () => {
    expect(startsOf(weighted({ a: 60, b: 30, c: 10 }), 400, options('b', 'c'))).toEqual({ b: 300, c: 100 });
  });
});

describe('slow start', () => {
  const nodes = [nodeFacts('old'), nodeFacts('new', { readySince: 0 })];
  const at = (now: number) => viewOf(nodes, { now });

  it('lets a node in with a tenth of its share, and with all of it in the end', () => {
    const share = (now: number): number =>
      startsOf(roundRobin({ slowStartMs: 10_000 }), 1_100, options('old', 'new'), at(now))['new']! / 1_100;
    expect(share(0)).toBeCloseTo(0.1 / 1.1, 2);
    expect(share(5_000)).toBeCloseTo(0.5 / 1.5, 2);
    expect(share(10_000)).toBeCloseTo(0.5, 2);
  });

  it('goes for weights and for the least busy as well', () => {
    const slow = { slowStartMs: 10_000 };
    expect(startsOf(weighted({ old: 1, new: 1 }, slow), 110, options('old', 'new'), at(0))).toEqual({
      old: 100,
      new: 10,
    });
    const leastBusy = policies['least-busy']({ match: '*', policy: 'least-busy', ...slow });
    expect(leastBusy.pick(demand(), options('new', 'old'), at(1_000)).node).toBe('old');
    expect(leastBusy.pick(demand(), options('new', 'old'), at(10_000)).node).toBe('new');
  });
});

it('round robin gives each its turn', () => {
  expect(startsOf(roundRobin(), 999, options('a', 'b', 'c'))).toEqual({ a: 333, b: 333, c: 333 });
});

describe('least busy', () => {
  const policy = policies['least-busy']({ match: '*', policy: 'least-busy' });
  const view = viewOf([
    nodeFacts('large', { slots: 8, calls: Array.from({ length: 4 }, () => runningCall()) }),
    nodeFacts('small', { slots: 2, calls: [runningCall()] }),
    nodeFacts('shared', { slots: 2, runners: [runnerFacts('m', { foreignCalls: 2 })] }),
    nodeFacts('burning', { slots: 2, zombies: 2 }),
  ]);

  it('counts calls by slots, those of others and zombies too', () => {
    expect(policy.pick(demand(), options('small', 'large', 'shared'), view).node).toBe('large');
    expect(policy.pick(demand(), options('burning', 'small', 'shared'), view).node).toBe('small');
  });

  it('prefers what can start now', () => {
    const blocked = optionOn('large', { startable: false });
    expect(policy.pick(demand(), [blocked, optionOn('small')], view).node).toBe('small');
  });

  it('leaves some to chance with a temperature', () => {
    const warm = policies['least-busy']({ match: '*', policy: 'least-busy', temperature: 0.5 });
    const { small } = startsOf(warm, 1_000, options('large', 'small'), view);
    expect(small).toBeGreaterThan(200);
    expect(small).toBeLessThan(300);
  });
});

describe('tier', () => {
  const policy = policies.tier();
  const view = viewOf([
    nodeFacts('pi', { attributes: { tier: 0 } }),
    nodeFacts('laptop', { attributes: { tier: 1 } }),
    nodeFacts('server', { attributes: { tier: 2 } }),
  ]);
  const busy = (node: string, startAt: number) => optionOn(node, { startable: false, startAt, totalMs: startAt + 1 });

  it('takes the lowest, though a higher one is faster', () => {
    const slow = optionOn('pi', { totalMs: 90_000 });
    expect(policy.pick(demand(), [optionOn('server'), slow, optionOn('laptop')], view).node).toBe('pi');
  });

  it('takes what can start now before what is cheaper and cannot', () => {
    const slow = optionOn('pi', { totalMs: 90_000 });
    expect(policy.pick(demand(), [busy('plain', 5_000), slow], view)).toBe(slow);
  });

  it('waits up to 10 s there, then goes up one', () => {
    expect(policy.pick(demand(), [busy('pi', 10_000), optionOn('laptop')], view).node).toBe('pi');
    expect(policy.pick(demand(), [busy('pi', 10_001), optionOn('laptop'), optionOn('server')], view).node).toBe(
      'laptop',
    );
  });

  it('takes what starts soonest if all take longer', () => {
    expect(policy.pick(demand(), [busy('pi', 30_000), busy('server', 20_000)], view).node).toBe('server');
  });

  it('counts a node without a tier as the lowest', () => {
    expect(policy.pick(demand(), options('laptop', 'plain'), view).node).toBe('plain');
  });
});

describe('primary-fallback', () => {
  const route: Route = { match: '*', policy: 'primary-fallback', primary: 'main' };
  const withList = policies['primary-fallback']({ ...route, fallback: ['second', 'third'] });

  it('waits for a busy primary', () => {
    const busy = optionOn('main', { startable: false, startAt: 90_000, totalMs: 95_000 });
    expect(withList.pick(demand(), [optionOn('second'), busy], viewOf())).toBe(busy);
  });

  it('goes down the list when the call cannot run there', () => {
    const third = optionOn('third', { totalMs: 1 });
    expect(withList.pick(demand(), [third, optionOn('second')], viewOf()).node).toBe('second');
    expect(withList.pick(demand(), [third, optionOn('other')], viewOf())).toBe(third);
  });

  it('takes the cheapest without a list', () => {
    const cheap = optionOn('b', { totalMs: 5 });
    expect(policies['primary-fallback'](route).pick(demand(), [optionOn('a'), cheap], viewOf())).toBe(cheap);
  });
});
