export { delta, done, progress, textDelta } from './chunk.ts';
export { createCluster, type Cluster, type Lease } from './cluster.ts';
export { dispatched } from './dispatched.ts';
export { ClusterError, isReason, modelNotFound, reasons, type Reason, type Retry } from './error.ts';
export { Priority, Privacy, type Call, type Chunk, type Context, type Generate, type Message } from './generate.ts';
export { canonicalModel } from './model-name.ts';
export { pause } from './pause.ts';
export type { Clock, Random } from './ports.ts';
export { localPrincipal, roles, type Principal, type Role } from './principal.ts';
export { retried } from './retried.ts';
export type { NodeView } from './routing/plan.ts';
export {
  logLevels,
  type LogFilter,
  type LogLevel,
  type LogPage,
  type LogRecord,
  type NewLogRecord,
} from './stores/logs.ts';
export type { JoinTokenRecord } from './stores/join-tokens.ts';
export type { KeyRecord } from './stores/keys.ts';
export type { NodeAttributes, NodeRecord } from './stores/nodes.ts';
export type { Store } from './stores/store.ts';
export { abortError, linkedController, onAbort, throwIfAborted } from './signal.ts';
export { ticketMachine, ticketWithout, type Ticket } from './ticket.ts';
