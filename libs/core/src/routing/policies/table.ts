import type { Policy, PolicyName, Route } from '../policy.ts';
import { costPolicy } from './cost.ts';
import { leastBusyPolicy } from './least-busy.ts';
import { primaryFallbackPolicy } from './primary-fallback.ts';
import { roundRobinPolicy } from './round-robin.ts';
import { tierPolicy } from './tier.ts';
import { weightedPolicy } from './weighted.ts';

/** Every policy. A new one is a file and a line here, and its name in `policyNames`. */
export const policies = {
  cost: costPolicy,
  weighted: weightedPolicy,
  'round-robin': roundRobinPolicy,
  'least-busy': leastBusyPolicy,
  tier: tierPolicy,
  'primary-fallback': primaryFallbackPolicy,
} satisfies Record<PolicyName, (route: Route) => Policy>;
