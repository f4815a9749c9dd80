export { asksNothing, isLoad, isUnload } from './asks-nothing.ts';
export { delta, done, progress, textDelta } from './chunk.ts';
export { withDigest } from './digest-pin.ts';
export { ClusterError, isReason, modelNotFound, reasons, type Reason, type Retry } from './error.ts';
export { Priority, Privacy, type Call, type Chunk, type Context, type Generate, type Message } from './generate.ts';
export { canonicalModel } from './model-name.ts';
export { withModelOptions } from './model-options.ts';
export { nearestName } from './nearest-name.ts';
export { normalised } from './normalised.ts';
export { pause } from './pause.ts';
export { mayUseModel, permitted, requireModel } from './permitted.ts';
export type { Clock, Random } from './ports.ts';
export { isPriorityName, priorities, type PriorityName } from './priorities.ts';
export { localPrincipal, roles, type Principal, type Role } from './principal.ts';
export { policyNames } from './routing/policy.ts';
export { cloudCapability } from './routing/reported.ts';
export { runnerOptionsOf } from './routing/runner-options.ts';
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
export { documentKinds, type DocumentKind, type DocumentRecord, type DocumentRepository } from './stores/documents.ts';
export type { EstimatesRecord, EstimatesRepository } from './stores/estimates.ts';
export type { JoinTokenRecord, JoinTokenRepository } from './stores/join-tokens.ts';
export type { KeyRecord, KeyRepository } from './stores/keys.ts';
export { createMemoryRuns } from './stores/memory-runs.ts';
export { missingPage, missingRun } from './stores/missing-run.ts';
export type { NodeAttributes, NodeRecord, NodeRepository } from './stores/nodes.ts';
export {
  runStates,
  type JournalEntry,
  type RunFilter,
  type RunMessage,
  type RunRecord,
  type RunRepository,
  type RunState,
} from './stores/runs.ts';
export type { Store } from './stores/store.ts';
export { storedJson } from './stores/stored-json.ts';
export { abortError, linkedController, onAbort, throwIfAborted } from './signal.ts';
export { ticketMachine, ticketWithout, type Ticket } from './ticket.ts';
export { oneByOne } from './streams/one-by-one.ts';
export { opened } from './streams/opened.ts';
export { streamOf, type Stream } from './streams/stream.ts';
export { tapped } from './streams/tapped.ts';
export { watched, type Watcher } from './watched.ts';
export { matchesWildcard } from './wildcard.ts';
