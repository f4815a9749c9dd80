import { ClusterError, type Principal, type Priority } from '@tutti/core';
import type { ServiceTier } from '@tutti/dialects/openai';

/** The priority of a tier, which the key must be allowed. Undefined: what the key usually gets. */
export function priorityOf(tier: ServiceTier | undefined, { classes }: Principal): Priority | undefined {
  const priority = tier?.priority;
  if (priority === undefined || !classes || classes.includes(priority)) return priority;
  throw new ClusterError('forbidden', `This key may not use the service tier "${tier!.name}"; leave it out.`, {
    param: 'service_tier',
  });
}
