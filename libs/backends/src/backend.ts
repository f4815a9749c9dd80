import type { MessageInitShape } from '@bufbuild/protobuf';
import type { Clock, Generate } from '@tutti/core';
import type { VerbRequest } from '@tutti/proto/tutti/agent/v1/model';
import type { BackendStateSchema, ModelSchema, RunnerSchema } from '@tutti/proto/tutti/agent/v1/state';

/** What a model server must be able to do to stand behind an agent. */
export interface Backend {
  /** Runs one call. Emits `loading` progress, deltas and done; queueing and `accepted` are the agent's. */
  readonly generate: Generate;
  /** What it has now. Rejects with a ClusterError if it does not answer. */
  inventory(signal: AbortSignal): Promise<Inventory>;
  /**
   * The models in its memory at this moment; rejects with a ClusterError. Absent: the backend loads and unloads as it
   * sees fit. Present: the agent does, by calls that ask for nothing (`keepAliveMs` 0: unload).
   */
  residents?(signal: AbortSignal): Promise<Inventory['runners']>;
  /** Whether its models are in the memory of another machine than this one. */
  readonly remote?: boolean;
  /** Does one thing to one model; yields the server's own lines, each JSON text without its end. `not_implemented` if it cannot. */
  verb(request: Pick<VerbRequest, 'verb' | 'bodyJson'>, signal: AbortSignal): AsyncIterable<string>;
  /** Gives back sockets, threads and memory. */
  close(): Promise<void>;
}

/** What a backend has now. A fact that it does not know is absent. */
export interface Inventory {
  readonly backend: MessageInitShape<typeof BackendStateSchema>;
  readonly models: readonly MessageInitShape<typeof ModelSchema>[];
  readonly runners: readonly MessageInitShape<typeof RunnerSchema>[];
}

/** What a backend may want to know. */
export interface BackendSettings {
  readonly clock: Clock;
  readonly llamaBaseUrl?: string | undefined;
  readonly ollamaHost?: string | undefined;
  readonly modelFile?: string | undefined;
  /** SHA-256 of the model file, lower-case hex; undefined: not known yet. */
  readonly modelDigest?: string | undefined;
  readonly modelName: string;
  readonly threads?: number | undefined;
}
