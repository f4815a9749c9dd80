export { delta, done, progress, textDelta } from './chunk.ts';
export { createCluster, type Cluster, type Lease, type WaitingCall } from './cluster.ts';
export { dispatched } from './dispatched.ts';
export { ClusterError, isReason, modelNotFound, reasons, type Reason, type Retry } from './error.ts';
export { Priority, Privacy, type Call, type Chunk, type Context, type Generate, type Message } from './generate.ts';
export { canonicalModel } from './model-name.ts';
export { nearestName } from './nearest-name.ts';
export { pause } from './pause.ts';
export { mayUseModel, permitted, requireModel } from './permitted.ts';
export type { Clock, Random } from './ports.ts';
export { isPriorityName, priorities, type PriorityName } from './priorities.ts';
export { localPrincipal, roles, type Principal, type Role } from './principal.ts';
export { retried } from './retried.ts';
export type { NodeView } from './routing/plan.ts';
export {
  isLogLevel,
  logLevels,
  type LogFilter,
  type LogLevel,
  type LogPage,
  type LogRecord,
  type LogRepository,
  type NewLogRecord,
} from './stores/logs.ts';
export type { JoinTokenRecord, JoinTokenRepository } from './stores/join-tokens.ts';
export type { KeyRecord, KeyRepository } from './stores/keys.ts';
export type { NodeAttributes, NodeRecord, NodeRepository } from './stores/nodes.ts';
export type { Store } from './stores/store.ts';
export { abortError, linkedController, onAbort, throwIfAborted } from './signal.ts';
export { ticketMachine, ticketWithout, type Ticket } from './ticket.ts';
export { watched, type Watcher } from './watched.ts';
export { matchesWildcard } from './wildcard.ts';
