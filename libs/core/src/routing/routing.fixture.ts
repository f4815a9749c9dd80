import type { Random } from '../ports.ts';
import { Priority, Privacy } from '../generate.ts';
import type { Demand } from './demand.ts';
import type { Estimates } from './estimates.ts';
import type { ModelFacts, NodeFacts, RunnerFacts, RunningCall } from './node-facts.ts';
import { defaultParameters, type PlanParameters } from './parameters.ts';
import type { PlanInput, Waiting } from './plan.ts';
import { costPolicy } from './policies/cost.ts';

export const GB = 1e9;

export function modelFacts(name: string, changes: Partial<ModelFacts> = {}): ModelFacts {
  return { name, digest: '', sizeBytes: 4 * GB, trainedContext: 32_768, capabilities: [], ...changes };
}

export function runnerFacts(model: string, changes: Partial<RunnerFacts> = {}): RunnerFacts {
  return {
    model,
    numCtx: 4_096,
    bytes: 5 * GB,
    slots: 1,
    runnerOptions: '',
    foreignCalls: 0,
    loading: false,
    loadingSince: undefined,
    fresh: false,
    problem: '',
    ...changes,
  };
}

type NodeChanges = Partial<Omit<NodeFacts, 'models'>> & { readonly models?: readonly (string | ModelFacts)[] };

/** A node with one slot for each model, and four in all, that has the model "m". */
export function nodeFacts(name: string, { models = ['m'], ...changes }: NodeChanges = {}): NodeFacts {
  const known = models.map((model) => (typeof model === 'string' ? modelFacts(model) : model));
  return {
    name,
    ready: true,
    full: false,
    slots: 4,
    slotsPerRunner: 1,
    zombies: 0,
    memoryBytes: 12 * GB,
    maxRunners: undefined,
    models: new Map(known.map((model) => [model.name, model])),
    runners: [],
    calls: [],
    prompts: new Map(),
    sameMachine: false,
    attributes: {},
    readySince: -1e9,
    ...changes,
  };
}

export function demand(model = 'm', changes: Partial<Demand> = {}): Demand {
  return {
    model,
    kind: 'generate',
    capabilities: ['completion'],
    promptTokens: 200,
    maxOutputTokens: Number.POSITIVE_INFINITY,
    numCtx: undefined,
    runnerOptions: '',
    prefix: [],
    tenant: 'local',
    priority: Priority.DEFAULT,
    privacy: Privacy.CLUSTER,
    node: undefined,
    tier: undefined,
    ...changes,
  };
}

export function embedding(model = 'm', changes: Partial<Demand> = {}): Demand {
  return demand(model, { kind: 'embed', capabilities: ['embedding'], maxOutputTokens: 0, ...changes });
}

export function runningCall(model = 'm', changes: Partial<RunningCall> = {}): RunningCall {
  return { demand: demand(model), startedAt: 0, firstTokenAt: undefined, outputTokens: 0, loads: false, ...changes };
}

export function waiting(asked: Demand = demand(), since = 0, excluded: readonly string[] = []): Waiting {
  const ticket = { sequence: 1, attempt: 1, excluded: new Set(excluded), place: {} };
  return { context: { ticket }, demand: asked, since };
}

/** Every model reads 1,000 and writes 50 tokens a second, loads in 5 s, and answers with 100 tokens. */
export function plainEstimates(changes: Partial<Estimates> = {}): Estimates {
  return {
    prefillSpeed: () => 1_000,
    decodeSpeed: () => 50,
    loadMs: () => 5_000,
    runnerBytes: (_node, { sizeBytes = 0 }, numCtx, slots) => sizeBytes + numCtx * slots * 100_000,
    expectedOutput: ({ kind, maxOutputTokens }) => (kind === 'embed' ? 0 : Math.min(100, maxOutputTokens)),
    expectedRest: ({ kind }, soFar) => (kind === 'embed' ? 0 : Math.max(20, 100 - soFar)),
    arrivalRate: () => 0,
    tokensPerCharacter: () => 0.3,
    largestContext: () => 0,
    ...changes,
  };
}

export function planInput<T extends Waiting>(
  nodes: readonly NodeFacts[],
  queue: readonly T[],
  changes: Partial<PlanInput<T>> = {},
): PlanInput<T> {
  const policy = costPolicy();
  return {
    now: 0,
    nodes,
    queue,
    estimates: plainEstimates(),
    parameters: parametersWith({}),
    policyFor: () => policy,
    allows: () => true,
    random: half,
    room: Number.POSITIVE_INFINITY,
    ...changes,
  };
}

const half: Random = () => 0.5;

/** With a place ahead on every runner, however long the wait there. */
export function parametersWith(changes: Partial<PlanParameters>): PlanParameters {
  return { ...defaultParameters, aheadMs: Number.POSITIVE_INFINITY, ...changes };
}
