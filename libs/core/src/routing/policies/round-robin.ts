import type { Policy, Route } from '../policy.ts';
import { slowStartShare } from './slow-start.ts';
import { wheelPolicy } from './wheel.ts';

/** Gives the nodes calls in turn. */
export function roundRobinPolicy({ temperature, slowStartMs }: Route): Policy {
  return wheelPolicy((node, { now, facts }) => slowStartShare(facts(node), now, slowStartMs), temperature);
}
