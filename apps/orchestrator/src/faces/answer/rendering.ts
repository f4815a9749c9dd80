import type { ClusterError } from '@tutti/core';
import type { Extra } from '@tutti/dialects/ollama';
import type { Delta, Done, Progress, Queued } from '@tutti/proto/tutti/agent/v1/chunk';

/** How a face writes one answer. Texts are ready to send. */
export interface Rendering {
  /** Of a stream; a whole answer is always JSON. */
  readonly contentType: string;
  /** "" if this delta shows nothing. */
  delta(delta: Delta): string;
  /** What is shown of a call that waits; "" if nothing is. Absent: nothing ever is, and a load is answered with one object. */
  progress?(progress: Progress): string;
  /** `extra`: fields that only the end can tell. A promise: something has to be kept before the client sees the end. */
  done(done: Done, extra: Extra): string | Promise<string>;
  /** The whole answer in one. */
  whole(deltas: readonly Delta[], done: Done, extra: Extra): string | Promise<string>;
  /** What ends a stream that has begun and cannot go on. */
  failed(error: ClusterError): string;
  /** Tells that a call still waits, of a stream whose headers are out. `queued`: its place; absent: it has a node. */
  waiting?(queued: Queued | undefined): string;
}
