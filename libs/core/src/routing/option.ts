/** The parts of what a choice is predicted to cost, in milliseconds; their sum decides. */
export interface CostParts {
  /** Until a slot is free, or the loader and the victims are. */
  readonly waitMs: number;
  /** Loading the model; 0 if it is in memory. */
  readonly loadMs: number;
  /** Reading the part of the prompt that is not cached there. */
  readonly prefillMs: number;
  /** Generating what is expected, slowed by the neighbours. */
  readonly decodeMs: number;
  /** What others are expected to lose by the evictions. */
  readonly evictionMs: number;
}

/** One way of running a call: on that node, on a runner that is there or on one that is loaded for it. */
export interface Option {
  readonly node: string;
  /** What the model is called there, where that is another name for the same digest. */
  readonly model?: string;
  readonly kind: 'resident' | 'load';
  /** When the call would start on the backend, on the cluster's clock. */
  readonly startAt: number;
  /** How long it would then run, in milliseconds. */
  readonly durationMs: number;
  /** Whether it can be sent there now. */
  readonly startable: boolean;
  /** Context length to ask for; undefined: the backend's default. */
  readonly numCtx: number | undefined;
  /** Models to take out of memory first, in order. */
  readonly evict: readonly string[];
  /** Whether one of those still runs calls. */
  readonly evictsBusy: boolean;
  /** Prompt tokens expected in the runner's cache. */
  readonly cachedTokens: number;
  readonly parts: CostParts;
  /** Sum of the parts. */
  readonly totalMs: number;
}

/** A node that was not considered, and why, for people to read. */
export interface Exclusion {
  readonly node: string;
  readonly reason: string;
}
