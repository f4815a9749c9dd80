import type { ClusterError } from '@tutti/core';
import type { Extra } from '@tutti/dialects/ollama';
import type { Delta, Done } from '@tutti/proto/tutti/agent/v1/chunk';

/** How a face writes one answer. Texts are ready to send. */
export interface Rendering {
  /** Of a stream; a whole answer is always JSON. */
  readonly contentType: string;
  /** "" if this delta shows nothing. */
  delta(delta: Delta): string;
  /** `extra`: fields that only the end can tell. */
  done(done: Done, extra: Extra): string;
  /** The whole answer in one. */
  whole(deltas: readonly Delta[], done: Done, extra: Extra): string;
  /** What ends a stream that has begun and cannot go on. */
  failed(error: ClusterError): string;
}
