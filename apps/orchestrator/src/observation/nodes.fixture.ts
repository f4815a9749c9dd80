import { create, type MessageInitShape } from '@bufbuild/protobuf';
import type { NodeView } from '@tutti/core/cluster';
import { NodeStateSchema } from '@tutti/proto/tutti/agent/v1/state';
import { NodeSchema, NodeStatus, type Node } from '@tutti/proto/tutti/v1/node';

/** A node as the cluster sees it; `inFlight` of our calls run on it. */
export function viewOf(
  name: string,
  state: MessageInitShape<typeof NodeStateSchema>,
  { inFlight = 0, reportedAt = 0 } = {},
): NodeView {
  return {
    name,
    state: create(NodeStateSchema, state),
    reportedAt,
    ready: true,
    cordoned: false,
    full: false,
    inFlight,
    inFlightByModel: new Map(),
  };
}

/** A node as people see it. */
export function nodeOf(name: string, facts: MessageInitShape<typeof NodeSchema> = {}): Node {
  return create(NodeSchema, { name, status: NodeStatus.READY, ...facts });
}

/** A machine with one GPU. */
export const hardware = {
  hostname: 'h',
  cpuLoad: 0.5,
  memoryTotalBytes: 1_000,
  memoryAvailableBytes: 250,
  gpus: [{ name: 'g', memoryTotalBytes: 800, memoryUsedBytes: 200, temperatureC: 70, load: 0.25 }],
};
