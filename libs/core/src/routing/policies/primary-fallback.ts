import type { Policy, Route } from '../policy.ts';
import { cheapestOf } from './candidates.ts';

/**
 * Takes the primary node, and waits for it while it is busy. Only if the call cannot run there at all it goes to the first
 * of the fallbacks where it can; without a list of those, to the cheapest other.
 */
export function primaryFallbackPolicy({ primary, fallback = [] }: Route): Policy {
  const names = [primary, ...fallback];
  return {
    pick(_demand, options) {
      for (const name of names) {
        const there = options.filter(({ node }) => node === name);
        if (there.length > 0) return cheapestOf(there);
      }
      return cheapestOf(options);
    },
  };
}
