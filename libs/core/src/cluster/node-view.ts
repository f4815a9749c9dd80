import type { NodeState } from '@tutti/proto/tutti/agent/v1/state';

/** A node for those who show it. */
export interface NodeView {
  readonly name: string;
  /** Its last report. */
  readonly state: NodeState;
  /** When that came, on the cluster's clock. */
  readonly reportedAt: number;
  /** Whether it may get calls: connected, its lease in time, not draining, not cordoned, its backend well. */
  readonly ready: boolean;
  /** Whether it was told to take no new calls. */
  readonly cordoned: boolean;
  /** Whether its agent has just refused a call for want of a slot. */
  readonly full: boolean;
  /** Our calls on it. */
  readonly inFlight: number;
  /** Our calls on it by canonical model. */
  readonly inFlightByModel: ReadonlyMap<string, number>;
}
