import { seededRandom } from '@tutti/testing';
import { describe, expect, it } from 'vitest';
import type { NodeFacts } from '../node-facts.ts';
import type { Option } from '../option.ts';
import type { Policy, PolicyView } from '../policy.ts';
import { demand, nodeFacts } from '../routing.fixture.ts';

export function optionOn(node: string, changes: Partial<Option> = {}): Option {
  const { totalMs = 1_000 } = changes;
  return {
    node,
    kind: 'resident',
    startAt: 0,
    durationMs: totalMs,
    startable: true,
    numCtx: undefined,
    evict: [],
    evictsBusy: false,
    cachedTokens: 0,
    parts: { waitMs: 0, loadMs: 0, prefillMs: 0, decodeMs: totalMs, evictionMs: 0 },
    totalMs,
    ...changes,
  };
}

/** A view of these nodes, and of plain ones by any other name. */
export function viewOf(nodes: readonly NodeFacts[] = [], { now = 0, random = seededRandom(1) } = {}): PolicyView {
  const byName = new Map(nodes.map((node) => [node.name, node]));
  return { now, random, facts: (name) => byName.get(name) ?? nodeFacts(name) };
}

/** Lets a policy start calls one after the other, and tells how many each node got. */
export function startsOf(
  policy: Policy,
  count: number,
  options: readonly Option[],
  view = viewOf(),
): Record<string, number> {
  const starts: Record<string, number> = {};
  for (let i = 0; i < count; i++) {
    const call = demand();
    const option = policy.pick(call, options, view);
    policy.started?.(call, option);
    starts[option.node] = (starts[option.node] ?? 0) + 1;
  }
  return starts;
}

/** What every policy keeps, whatever it prefers. `create` makes one that knows the nodes n0 to n4. */
export function describePolicy(name: string, create: () => Policy): void {
  const randomOptions = (random: () => number): Option[] =>
    Array.from({ length: 1 + Math.floor(random() * 5) }, (_, i) =>
      optionOn(`n${i}`, {
        startable: random() < 0.6,
        startAt: Math.floor(random() * 5) * 10_000,
        totalMs: random() * 50_000,
        kind: random() < 0.5 ? 'resident' : 'load',
      }),
    );
  const shuffled = <T>(items: readonly T[], random: () => number): T[] =>
    items
      .map((item) => ({ item, key: random() }))
      .toSorted((a, b) => a.key - b.key)
      .map(({ item }) => item);
  const freeze = (options: readonly Option[]): readonly Option[] =>
    Object.freeze(options.map((option) => Object.freeze(option)));

  describe(`the policy ${name}`, () => {
    it('takes one of the options, whatever they are, and changes none', () => {
      const random = seededRandom(7);
      const policy = create();
      for (let i = 0; i < 2_000; i++) {
        const options = freeze(randomOptions(random));
        const call = demand();
        const picked = policy.pick(call, options, viewOf([], { random }));
        expect(options).toContain(picked);
        if (random() < 0.5) policy.started?.(call, picked);
      }
    });

    it('takes the only one, startable or not', () => {
      for (const startable of [true, false]) {
        const only = optionOn('n1', { startable, totalMs: 1e6, startAt: 1e6 });
        expect(create().pick(demand(), [only], viewOf())).toBe(only);
      }
    });

    it('does not mind the order of the options', () => {
      const random = seededRandom(3);
      const [one, other] = [create(), create()];
      for (let i = 0; i < 500; i++) {
        const options = randomOptions(random);
        const call = demand();
        const picked = one.pick(call, options, viewOf([], { random: seededRandom(i) }));
        const again = other.pick(call, shuffled(options, random), viewOf([], { random: seededRandom(i) }));
        expect(again).toBe(picked);
        one.started?.(call, picked);
        other.started?.(call, picked);
      }
    });

    it('changes nothing by being asked', () => {
      const policy = create();
      const options = ['n0', 'n1', 'n2'].map((node) => optionOn(node));
      const first = policy.pick(demand(), options, viewOf());
      for (let i = 0; i < 10; i++) expect(policy.pick(demand(), options, viewOf())).toBe(first);
    });

    it('takes the cheaper of two ways on one node', () => {
      const [dear, cheap] = [optionOn('n0', { totalMs: 9_000, kind: 'load' }), optionOn('n0', { totalMs: 500 })];
      expect(create().pick(demand(), [dear, cheap], viewOf())).toBe(cheap);
    });
  });
}
