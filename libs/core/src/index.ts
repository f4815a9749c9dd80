export { delta, done, progress, textDelta } from './chunk.ts';
export { createCluster, type Cluster, type Lease } from './cluster.ts';
export { dispatched } from './dispatched.ts';
export { ClusterError, isReason, modelNotFound, reasons, type Reason, type Retry } from './error.ts';
export {
  Priority,
  Privacy,
  type Call,
  type Chunk,
  type Context,
  type Generate,
  type Message,
  type Principal,
} from './generate.ts';
export { canonicalModel } from './model-name.ts';
export { pause } from './pause.ts';
export type { Clock, Random } from './ports.ts';
export { retried } from './retried.ts';
export type { NodeView } from './routing/plan.ts';
export { abortError, linkedController, onAbort, throwIfAborted } from './signal.ts';
export { ticketMachine, ticketWithout, type Ticket } from './ticket.ts';
