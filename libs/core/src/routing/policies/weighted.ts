import type { Policy, Route } from '../policy.ts';
import { slowStartShare } from './slow-start.ts';
import { wheelPolicy } from './wheel.ts';

/** Gives each node its part of the calls, as the route's weights say. */
export function weightedPolicy({ weights = {}, temperature, slowStartMs }: Route): Policy {
  const parts = new Map(Object.entries(weights));
  return wheelPolicy(
    (node, { now, facts }) => (parts.get(node) ?? 0) * slowStartShare(facts(node), now, slowStartMs),
    temperature,
  );
}
