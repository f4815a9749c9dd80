import { ClusterError, type Reason } from '@tutti/core';

/** How a process says what has become of its task. */
export const exitCodes = {
  ok: 0,
  failure: 1,
  usage: 2,
  unreachable: 3,
  access: 4,
  notFound: 5,
  capacity: 6,
  interrupted: 130,
} as const;

const codes: Partial<Record<Reason, number>> = {
  invalid_request: exitCodes.usage,
  node_unreachable: exitCodes.unreachable,
  unauthenticated: exitCodes.access,
  forbidden: exitCodes.access,
  not_found: exitCodes.notFound,
  model_not_found: exitCodes.notFound,
  rate_limited: exitCodes.capacity,
  quota_exhausted: exitCodes.capacity,
  overloaded: exitCodes.capacity,
  no_healthy_node: exitCodes.capacity,
  draining: exitCodes.capacity,
  client_closed: exitCodes.interrupted,
};

export function exitCodeOf(error: unknown): number {
  return error instanceof ClusterError ? (codes[error.reason] ?? exitCodes.failure) : exitCodes.failure;
}
