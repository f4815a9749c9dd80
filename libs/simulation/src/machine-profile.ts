/** A model on a machine's disk. */
export interface MachineModel {
  /** Canonical. */
  readonly name: string;
  /** Memory that it takes, without context. */
  readonly sizeBytes: number;
  /** Memory for each token of context, times slots. */
  readonly bytesPerToken: number;
  /** The most context that a runner gets. */
  readonly trainedContext: number;
  /** Embedding models have one slot, whatever `parallel` says. */
  readonly embedding: boolean;
}

export interface MachineProfile {
  readonly name: string;
  /** Memory for models; Infinity: no limit. */
  readonly memoryBytes: number;
  /** Slots of a runner: OLLAMA_NUM_PARALLEL. */
  readonly parallel: number;
  /** OLLAMA_MAX_LOADED_MODELS. */
  readonly maxRunners: number;
  /** Calls that may wait for a load, besides the one whose turn it is: OLLAMA_MAX_QUEUE. */
  readonly maxQueue: number;
  /** Context length of a call that asks for none. */
  readonly defaultNumCtx: number;
  /** Keep-alive of a load that asks for none. */
  readonly keepAliveMs: number;
  /** Prompt tokens a second of one call alone. */
  prefillSpeed(model: MachineModel): number;
  /** Output tokens a second of one call alone. */
  decodeSpeed(model: MachineModel): number;
  loadMs(model: MachineModel): number;
  /** By how much each further call on its runner slows a call: with 0.2 two take 1.2 times as long. */
  readonly slowBySame: number;
  /** The same for each call on another runner. */
  readonly slowByOthers: number;
}

/** Memory of a model that runs with that context length. */
export function runnerBytes(model: MachineModel, numCtx: number, parallel: number): number {
  const slots = model.embedding ? 1 : parallel;
  return model.sizeBytes + model.bytesPerToken * Math.min(numCtx, model.trainedContext) * slots;
}
