import type { CacheOutcome } from './cache/answer-cache.ts';
import type { Call, Message } from '@tutti/proto/tutti/agent/v1/call';
import type { Chunk } from '@tutti/proto/tutti/agent/v1/chunk';
import { Priority, Privacy } from '@tutti/proto/tutti/agent/v1/dispatch';
import type { Principal } from './principal.ts';
import type { Ticket } from './ticket.ts';

export type { Call, Chunk, Message };
export { Priority, Privacy };

/**
 * The one shape everything has. A backend is a Generate; so are the agent's limiter, the gRPC client, the queue and
 * retries: each wraps the next.
 *
 * Any number of progress and delta chunks, then exactly one done. It fails by throwing a ClusterError, and only so.
 * It stops by `context.signal`, and only so: whoever starts reading reads to the end or aborts.
 */
export type Generate = (call: Call, context: Context) => AsyncIterable<Chunk>;

/** What goes with a call from the face to the backend. */
export interface Context {
  /** Aborted when the client is gone or the call is no longer wanted. */
  readonly signal: AbortSignal;
  /** The same over all attempts, and in every log. */
  readonly requestId: string;
  readonly principal: Principal;
  /** At an agent, whose principals are orchestrators: an opaque id of whoever asked there. */
  readonly client?: string;
  readonly priority: Priority;
  readonly privacy: Privacy;
  /** The call's place in the queue, kept over retries. */
  readonly ticket: Ticket;
  /** Orchestrators that the request has passed before this one. */
  readonly hops: number;
  /** Name of the only node that will do. */
  readonly pin?: string;
  /** The only tier that will do. */
  readonly tier?: number;
  /** Whether an answer that breaks off may be continued by another node. */
  readonly resume?: boolean;
  /** Models that may answer in place of the one that was asked for, in order. */
  readonly fallback?: readonly string[];
  /** Models to take out of memory first, if the call's has to be loaded; whoever chose the node says so. */
  readonly evict?: readonly string[];
  /** Id of the run that makes the call: runs are refused at the door, their calls never. */
  readonly run?: string;
  /** "auto": the cluster chooses the sampling options that the caller did not set. */
  readonly parameters?: 'auto';
  /** "use": an answer may be one that was given before, also where chance plays a part. "bypass": never. */
  readonly cache?: 'use' | 'bypass';
  /** Number of the answer, if a request wants several that may differ; undefined: the first. */
  readonly choice?: number;
  /** Told what became of the call at the cache, before its first chunk. It must not throw. */
  readonly onCache?: (outcome: CacheOutcome) => void;
  /** W3C trace context of whoever asks; undefined: nobody traces. */
  readonly traceparent?: string;
}
