import { seededRandom } from '@tutti/testing';
import { describe, expect, it } from 'vitest';
import { optionsFor } from '../options-for.ts';
import type { Option } from '../option.ts';
import type { Policy, PolicyView } from '../policy.ts';
import { demand, nodeFacts, planInput, runnerFacts } from '../routing.fixture.ts';
import { costPolicy } from './cost.ts';

const [a, b] = ['a', 'b'].map((name) => nodeFacts(name, { runners: [runnerFacts('m')] })) as [
  ReturnType<typeof nodeFacts>,
  ReturnType<typeof nodeFacts>,
];
const cold = nodeFacts('cold');

/** How often each node is picked of a hundred times. */
function picks(policy: Policy, nodes = [a, b, cold], view: Partial<PolicyView> = {}): Record<string, number> {
  const { options } = optionsFor({ ...planInput(nodes, []), demand: demand() });
  const random = seededRandom(1);
  const facts = (name: string) => nodes.find((node) => node.name === name)!;
  const counts: Record<string, number> = {};
  for (let n = 0; n < 100; n += 1) {
    const { node }: Option = policy.pick(demand(), options, { now: 0, random, facts, ...view });
    counts[node] = (counts[node] ?? 0) + 1;
  }
  return counts;
}

describe('cost', () => {
  it('takes the cheapest, and any of those that cost the same', () => {
    const counts = picks(costPolicy());
    expect(Object.keys(counts).toSorted()).toEqual(['a', 'b']);
    expect(counts.a).toBeGreaterThan(30);
    expect(counts.b).toBeGreaterThan(30);
  });

  it('is decided alike by the same chance, in whatever order the options come', () => {
    const { options } = optionsFor({ ...planInput([a, b, cold], []), demand: demand() });
    const fresh = { ...b, readySince: -1_000 };
    const facts = (name: string) => [a, fresh, cold].find((node) => node.name === name)!;
    for (const policy of [costPolicy(), costPolicy({ slowStartMs: 10_000 }), costPolicy({ temperature: 1 })]) {
      const nodes = [options, options.toReversed()].map((given) =>
        Array.from(
          { length: 20 },
          (_, seed) => policy.pick(demand(), given, { now: 0, random: seededRandom(seed), facts }).node,
        ).join(' '),
      );
      expect(nodes[1]).toBe(nodes[0]);
    }
  });

  it('strays the further, the higher the temperature', () => {
    const at = (temperature: number): number => picks(costPolicy({ temperature })).cold ?? 0;
    expect([at(0), at(0.1)]).toEqual([0, 0]);
    expect(at(1)).toBeGreaterThan(0);
    expect(at(1)).toBeLessThan(33);
  });

  it('lets a node that has just come back in slowly, and takes it where there is no other', () => {
    const fresh = { ...a, readySince: -1_000 };
    const policy = costPolicy({ slowStartMs: 10_000 });
    const counts = picks(policy, [fresh, b]);
    expect(counts.a).toBeGreaterThan(0);
    expect(counts.a).toBeLessThan(20);
    expect(picks(policy, [fresh])).toEqual({ a: 100 });
  });
});
