export { createAnswerCache, type AnswerCache, type CacheOutcome, type CacheStats } from '../cache/answer-cache.ts';
export { createAnswerShelf } from '../cache/answer-shelf.ts';
export { createBoundedCache } from '../cache/bounded-cache.ts';
export { cached } from '../cache/cached.ts';
export { createBreakers, type BreakerView, type Breakers } from '../failure/breaker.ts';
export { createInbox, type Inbox } from '../failure/inbox.ts';
export { createQuarantine, type Quarantine } from '../failure/quarantine.ts';
export { createRetryBudget, type RetryBudget } from '../failure/retry-budget.ts';
export { everywhere } from '../everywhere.ts';
export { fallback } from '../fallback.ts';
export { hedged } from '../hedged.ts';
export { featurePlaces, hashedWords } from '../parameters/hashed-words.ts';
export { createLearntSampling, type LearntSampling, type PresetEvidence } from '../parameters/learnt-sampling.ts';
export { classOf, type LinearModel } from '../parameters/linear-model.ts';
export { isSamplingTask, presets, samplingTasks, type Preset, type SamplingTask } from '../parameters/presets.ts';
export { taskOfText } from '../parameters/task-of.ts';
export { tuned } from '../parameters/tuned.ts';
export { createAdmission, type Admission, type Verdict } from '../queue/admission.ts';
export { createFairQueue, type FairQueue, type Waiting } from '../queue/fair-queue.ts';
export { resumed } from '../resumed.ts';
export { retried } from '../retried.ts';
export { demandOf, promptTokensOf } from '../routing/demand-of.ts';
export type { Demand, PrefixMark } from '../routing/demand.ts';
export type { Estimates } from '../routing/estimates.ts';
export { otherwise } from '../routing/explain.ts';
export { createEstimates, type LearntEstimates, type Measured } from '../routing/learnt.ts';
export type { ModelFacts, NodeFacts, RunnerFacts, RunningCall } from '../routing/node-facts.ts';
export type { CostParts, Exclusion, Option } from '../routing/option.ts';
export { defaultParameters, type PlanParameters } from '../routing/parameters.ts';
export { plan, type Plan, type PlanInput } from '../routing/plan.ts';
export { costPolicy } from '../routing/policies/cost.ts';
export { type Policy, type PolicyName, type PolicyView, type Route } from '../routing/policy.ts';
export { barredBy, createPolicies, routeFor, workloads } from '../routing/routes.ts';
export { timed } from '../timed.ts';
export {
  createCluster,
  type Cluster,
  type Decision,
  type Lease,
  type NodeDescription,
  type Placements,
  type Preview,
  type WaitingCall,
} from './cluster.ts';
export { dispatched } from './dispatched.ts';
export type { NodeView } from './node-view.ts';
