import { canonicalModel } from '@tutti/core';
import type { NodeState } from '@tutti/proto/tutti/agent/v1/state';

/** A node as others see it. */
interface Peer {
  readonly name: string;
  readonly ready: boolean;
  readonly state: Pick<NodeState, 'models'>;
}

/** So many others must have each of a node's models: a call that one of them fails has still somewhere to go. */
const fewestOthers = 2;

/** Whether the node can be done without: whatever it has, enough others that get calls have too. */
export function isSpare(name: string, state: NodeState | undefined, nodes: readonly Peer[]): boolean {
  const counts = new Map<string, number>();
  for (const node of nodes) {
    if (!node.ready || node.name === name) continue;
    for (const model of new Set(node.state.models.map((each) => canonicalModel(each.name))))
      counts.set(model, (counts.get(model) ?? 0) + 1);
  }
  return (state?.models ?? []).every((model) => (counts.get(canonicalModel(model.name)) ?? 0) >= fewestOthers);
}
