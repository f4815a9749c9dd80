import type { PrefixMark } from '@tutti/core/cluster';

export interface MachineCall {
  readonly model: string;
  readonly numCtx?: number;
  /** Other runner options, compared as text. */
  readonly runnerOptions?: string;
  readonly promptTokens: number;
  readonly prefix: readonly PrefixMark[];
  /** 0 for an embedding. */
  readonly outputTokens: number;
  /** Below 0: for ever. Without it a model in memory keeps the one it has. */
  readonly keepAliveMs?: number;
  /** False: a prompt longer than the context fails instead of being cut. */
  readonly truncate?: boolean;
}

export type MachineError = 'busy' | 'no_model' | 'too_long' | 'does_not_fit' | 'crashed';

/** `loading`, `started` and `failed` may be called before `submit` returns. */
export interface MachineListener {
  /** The load that it waits for has begun; again if that was aborted and another began. */
  loading?(): void;
  /** It has a slot. `loadMs` is the time from its arrival until its model was in memory. */
  started?(facts: { readonly loadMs: number; readonly numCtx: number }): void;
  /** The prompt is read. Not called for embeddings. */
  firstToken?(facts: { readonly cachedTokens: number }): void;
  /** This or `failed` is the last that is heard of a call, unless it is cancelled: then neither comes. */
  ended(result: MachineResult): void;
  failed(error: MachineError): void;
}

/** As in the last line of Ollama's answer. */
export interface MachineResult {
  readonly loadMs: number;
  /** Time to read the part of the prompt that was not cached. */
  readonly promptMs: number;
  readonly outputMs: number;
  /** Cached ones included. */
  readonly promptTokens: number;
  readonly cachedTokens: number;
  readonly outputTokens: number;
  /** Whether the prompt was cut to the context. */
  readonly truncated: boolean;
}

export interface Submission {
  /** Tokens out so far. */
  outputTokens(): number;
  /** Takes the call back. If it runs, it goes on burning for so long, in its slot, as if nobody had told it. */
  cancel(zombieForMs?: number): void;
}
