import type { ClusterError } from '../error.ts';
import type { Call, Chunk, Generate } from '../generate.ts';

/** The right to run one call on one node. */
export interface Lease {
  readonly node: string;
  /** Why this node, in a few words. */
  readonly reason: string;
  /** The call as it is to be sent: with the context length that was settled on. */
  readonly call: Call;
  /** Models that its load takes the place of. */
  readonly evict: readonly string[];
  readonly generate: Generate;
  /** Milliseconds after which its first output is expected. */
  readonly firstOutputMs: number;
  /** What comes back, chunk by chunk: the cluster learns from it. */
  observe(chunk: Chunk): void;
  /** The agent had no slot: it counts as full until its next report, or for a moment. */
  refused(): void;
  /**
   * Whether the load failed for want of memory, where the cluster knows better from now on: the call can be placed anew,
   * and will not be placed so again. It is over here then.
   */
  tooLarge(error: ClusterError): boolean;
  /** The call is over, with the error that ended it if one did; whoever says nothing left. */
  ended(error?: ClusterError): void;
  /** Gives the slot back. */
  release(): void;
}
