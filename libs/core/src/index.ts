export { createAnswerCache, type AnswerCache, type CacheOutcome, type CacheStats } from './cache/answer-cache.ts';
export { createAnswerShelf } from './cache/answer-shelf.ts';
export { createBoundedCache } from './cache/bounded-cache.ts';
export { cached } from './cache/cached.ts';
export { delta, done, progress, textDelta } from './chunk.ts';
export {
  createCluster,
  type Cluster,
  type Decision,
  type Lease,
  type NodeDescription,
  type Placements,
  type Preview,
  type WaitingCall,
} from './cluster/cluster.ts';
export { dispatched } from './cluster/dispatched.ts';
export type { NodeView } from './cluster/node-view.ts';
export { withDigest } from './digest-pin.ts';
export { ClusterError, isReason, modelNotFound, reasons, type Reason, type Retry } from './error.ts';
export { createBreakers, type BreakerView, type Breakers } from './failure/breaker.ts';
export { createInbox, type Inbox } from './failure/inbox.ts';
export { createQuarantine, type Quarantine } from './failure/quarantine.ts';
export { createRetryBudget, type RetryBudget } from './failure/retry-budget.ts';
export { everywhere } from './everywhere.ts';
export { fallback } from './fallback.ts';
export { Priority, Privacy, type Call, type Chunk, type Context, type Generate, type Message } from './generate.ts';
export { hedged } from './hedged.ts';
export { canonicalModel } from './model-name.ts';
export { withModelOptions } from './model-options.ts';
export { nearestName } from './nearest-name.ts';
export { featurePlaces, hashedWords } from './parameters/hashed-words.ts';
export { createLearntSampling, type LearntSampling, type PresetEvidence } from './parameters/learnt-sampling.ts';
export { classOf, type LinearModel } from './parameters/linear-model.ts';
export { isSamplingTask, presets, samplingTasks, type Preset, type SamplingTask } from './parameters/presets.ts';
export { taskOfText } from './parameters/task-of.ts';
export { tuned } from './parameters/tuned.ts';
export { pause } from './pause.ts';
export { mayUseModel, permitted, requireModel } from './permitted.ts';
export type { Clock, Random } from './ports.ts';
export { isPriorityName, priorities, type PriorityName } from './priorities.ts';
export { localPrincipal, roles, type Principal, type Role } from './principal.ts';
export { createAdmission, type Admission, type Verdict } from './queue/admission.ts';
export { createFairQueue, type FairQueue, type Waiting } from './queue/fair-queue.ts';
export { resumed } from './resumed.ts';
export { retried } from './retried.ts';
export type { Demand, PrefixMark } from './routing/demand.ts';
export { demandOf, promptTokensOf } from './routing/demand-of.ts';
export type { Estimates } from './routing/estimates.ts';
export { otherwise } from './routing/explain.ts';
export { createEstimates, type LearntEstimates, type Measured } from './routing/learnt.ts';
export type { ModelFacts, NodeFacts, RunnerFacts, RunningCall } from './routing/node-facts.ts';
export type { CostParts, Exclusion, Option } from './routing/option.ts';
export { defaultParameters, type PlanParameters } from './routing/parameters.ts';
export { plan, type Plan, type PlanInput } from './routing/plan.ts';
export { costPolicy } from './routing/policies/cost.ts';
export { policyNames, type Policy, type PolicyName, type PolicyView, type Route } from './routing/policy.ts';
export { cloudCapability } from './routing/reported.ts';
export { barredBy, createPolicies, routeFor, workloads } from './routing/routes.ts';
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
export { timed } from './timed.ts';
export { watched, type Watcher } from './watched.ts';
export { matchesWildcard } from './wildcard.ts';
