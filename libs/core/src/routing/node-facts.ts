import type { NodeAttributes } from '../stores/nodes.ts';
import type { Demand } from './demand.ts';

/** A model on a node's disk. */
export interface ModelFacts {
  /** Canonical name. */
  readonly name: string;
  readonly digest: string;
  /** On disk; undefined: unknown. */
  readonly sizeBytes: number | undefined;
  /** Tokens of context that it was trained for; undefined: unknown. */
  readonly trainedContext: number | undefined;
  /** Empty: unknown. */
  readonly capabilities: readonly string[];
  /** Whether the node hands its calls on to a cloud account; absent: it does not. */
  readonly cloud?: boolean;
}

/** A model in a node's memory, or on its way there or out. */
export interface RunnerFacts {
  readonly model: string;
  /** Context length in tokens; undefined: unknown. */
  readonly numCtx: number | undefined;
  /** Memory that it takes; undefined: unknown. */
  readonly bytes: number | undefined;
  /** Calls that it runs at a time. */
  readonly slots: number;
  /** As in `Demand.runnerOptions`; undefined: unknown, and taken to be right. */
  readonly runnerOptions: string | undefined;
  /** Calls of other orchestrators that run on it. */
  readonly foreignCalls: number;
  /** Whether it is still being loaded, or about to be; its memory is taken already. */
  readonly loading: boolean;
  /** When its load began, or will; on the cluster's clock. Undefined: it is loaded. */
  readonly loadingSince: number | undefined;
  /** Whether it has served no call since it was loaded. */
  readonly fresh: boolean;
  /** Why it shows no sign of life; "": it does. */
  readonly problem: string;
}

/** One of our calls on a node. */
export interface RunningCall {
  readonly demand: Demand;
  /** What the model is called there; absent: as the call has it. */
  readonly model?: string;
  readonly startedAt: number;
  /** When its first output came; undefined: not yet. */
  readonly firstTokenAt: number | undefined;
  /** Output so far. */
  readonly outputTokens: number;
  /** Whether the model had to be loaded for it and is not there yet. */
  readonly loads: boolean;
}

/** What the model of a call is called on its node. */
export function nameOf({ model, demand }: Pick<RunningCall, 'model' | 'demand'>): string {
  return model ?? demand.model;
}

/**
 * What is known of a node at one moment: its last report, checked, with our own acts laid over it. A value: a change
 * makes a new one, so that what was worked out from one can be kept beside it.
 */
export interface NodeFacts {
  readonly name: string;
  /** Whether it may get calls: connected, its lease in time, not draining, not cordoned, its backend well. */
  readonly ready: boolean;
  /** Whether its agent has just refused a call for want of a slot: until its next report, or for 250 ms. */
  readonly full: boolean;
  /** Most calls at a time, over all models. */
  readonly slots: number;
  /** Most calls at a time on a model that is not in memory yet. */
  readonly slotsPerRunner: number;
  /** Slots whose cancelled calls the backend may still be burning on. */
  readonly zombies: number;
  /** Memory for models, in all; undefined: unknown, and then everything fits. */
  readonly memoryBytes: number | undefined;
  /** Memory beyond that into which a model may reach that is too large for it, and is slow then; absent: none. */
  readonly spillBytes?: number;
  /** Most models in memory at a time; undefined: no limit but memory. */
  readonly maxRunners: number | undefined;
  /** By canonical name. */
  readonly models: ReadonlyMap<string, ModelFacts>;
  readonly runners: readonly RunnerFacts[];
  /** Ours, in the order in which they started. */
  readonly calls: readonly RunningCall[];
  /** Marks of the last prompts of each model's slots, the newest first; as we sent them. */
  readonly prompts: ReadonlyMap<string, readonly Demand['prefix'][]>;
  /** Whether it runs on the orchestrator's own machine: for calls that may not leave it. */
  readonly sameMachine: boolean;
  readonly attributes: NodeAttributes;
  /** Whether it has a GPU; absent: unknown. */
  readonly hasGpu?: boolean;
  /** What its models are computed on, as it calls itself: its GPU, or else its processor; absent: unknown. */
  readonly processor?: string;
  /** When it began to get calls, on the cluster's clock: a policy may let it in slowly. */
  readonly readySince: number;
}
