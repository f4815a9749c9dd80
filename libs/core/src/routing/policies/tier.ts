import type { Option } from '../option.ts';
import type { Policy } from '../policy.ts';
import { cheapestOf, leastBy } from './candidates.ts';

/** A call waits so long for its tier before it goes to the next. */
const longestWaitMs = 10_000;

/**
 * Takes the cheapest way in the lowest tier that can start the call now, or will within ten seconds; if none can, the one
 * that can soonest. A node without a tier is in tier 0.
 */
export function tierPolicy(): Policy {
  return {
    pick(_demand, options, { now, facts }) {
      const tierOf = ({ node }: Option): number => facts(node).attributes.tier ?? 0;
      const tiers = [...Map.groupBy(options, tierOf)].toSorted(([a], [b]) => a - b);
      for (const [, inTier] of tiers) {
        const startable = inTier.filter((option) => option.startable);
        if (startable.length > 0) return cheapestOf(startable);
        const soon = inTier.filter(({ startAt }) => startAt - now <= longestWaitMs);
        if (soon.length > 0) return cheapestOf(soon);
      }
      return leastBy(options, ({ startAt }) => startAt);
    },
  };
}
