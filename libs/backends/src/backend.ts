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
  /** Calls that it runs at a time on one model. Absent: whoever opens it decides. */
  readonly slots?: number;
  /** Does one thing to one model; yields the server's own lines, each JSON text without its end. `not_implemented` if it cannot. */
  verb(request: Pick<VerbRequest, 'verb' | 'bodyJson'>, signal: AbortSignal): AsyncIterable<string>;
  /** The files that its models are made of. Absent: it hands out none and takes none. */
  readonly blobs?: Blobs;
  /** Gives back sockets, threads and memory. */
  close(): Promise<void>;
}

/** The files that a backend's models are made of, by digest: "sha256:" and 64 hex digits. */
export interface Blobs {
  has(digest: string, signal: AbortSignal): Promise<boolean>;
  /** Resolves when the backend has checked it and keeps it; `invalid_request` if the bytes are not those of the digest. */
  put(digest: string, pieces: AsyncIterable<Uint8Array>, signal: AbortSignal): Promise<void>;
  /** Fails at the end if the bytes were not those of the digest. `not_implemented` if they cannot be read here. */
  get(digest: string, signal: AbortSignal): AsyncIterable<Uint8Array>;
}

/** What a backend has now. A fact that it does not know is absent. */
export interface Inventory {
  readonly backend: MessageInitShape<typeof BackendStateSchema>;
  readonly models: readonly MessageInitShape<typeof ModelSchema>[];
  readonly runners: readonly MessageInitShape<typeof RunnerSchema>[];
}

/** A model server that is told by its address, and what it does not tell of itself. */
export interface ServerSettings {
  /** With or without a path; without one it is the usual one of its API. */
  readonly url: string;
  readonly apiKey?: string | undefined;
  /** Models to offer; absent: all that it lists. */
  readonly models?: readonly string[] | undefined;
  /** Calls at a time on one model; absent: what it tells, else what is usual for its kind. */
  readonly slots?: number | undefined;
  /** Absent: "cloud" if its address is not one of a private network. */
  readonly trust?: 'local' | 'cluster' | 'cloud' | undefined;
  /** Whether it refuses request fields that its API has no name for; what only has other names is left out then. */
  readonly strict?: boolean | undefined;
}

/** What a backend may want to know. */
export interface BackendSettings {
  readonly clock: Clock;
  readonly llamaBaseUrl?: string | undefined;
  readonly ollamaHost?: string | undefined;
  /** Folder of Ollama's models; left out: Ollama's own default, if it is on this machine. */
  readonly ollamaModels?: string | undefined;
  readonly modelFile?: string | undefined;
  /** SHA-256 of the model file, lower-case hex; undefined: not known yet. */
  readonly modelDigest?: string | undefined;
  readonly modelName: string;
  readonly threads?: number | undefined;
  readonly openai?: ServerSettings | undefined;
  readonly anthropic?: ServerSettings | undefined;
}
