import type { Demand } from '../demand.ts';
import type { Option } from '../option.ts';
import type { Policy, PolicyView } from '../policy.ts';
import { cheapestOf, cheapestOfEach, drawn, leastBy, startableOrAll } from './candidates.ts';

/** Part of the calls that a node gets; 0: none. */
type WeightOf = (node: string, view: PolicyView) => number;

/**
 * Smooth weighted round robin over the nodes that can start the call now, or over all if none can: in any run of calls
 * each gets its part, and the turns of a heavy node are spread. Nodes without weight get a call only if there is no other.
 * `temperature`: part of the calls for which chance turns the wheel.
 */
export function wheelPolicy(weightOf: WeightOf, temperature = 0): Policy {
  const credits = new Map<string, number>();
  /** Who was in the running for a call, and with what weight. */
  const runners = new WeakMap<Demand, ReadonlyMap<string, number>>();
  const creditOf = (node: string): number => credits.get(node) ?? 0;

  return {
    pick(demand, options, view) {
      const weighted = options.filter(({ node }) => weightOf(node, view) > 0);
      if (weighted.length === 0) return cheapestOf(options);
      const open = cheapestOfEach(startableOrAll(weighted));
      const weights = new Map(open.map(({ node }) => [node, weightOf(node, view)]));
      runners.set(demand, weights);
      const weight = ({ node }: Option): number => weights.get(node)!;
      const byChance = temperature > 0 && view.random() < temperature ? drawn(open, weight, view.random()) : undefined;
      return byChance ?? leastBy(open, (option) => -creditOf(option.node) - weight(option));
    },
    started(demand, { node }) {
      const weights = runners.get(demand);
      if (!weights) return;
      let sum = 0;
      for (const [runner, weight] of weights) {
        credits.set(runner, creditOf(runner) + weight);
        sum += weight;
      }
      credits.set(node, creditOf(node) - sum);
    },
  };
}
