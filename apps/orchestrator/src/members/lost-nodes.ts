import type { Clock } from '@tutti/core';
import type { Member } from './member.ts';

/** A node that was silent for so long that it counts as gone. */
export type LostNode = Pick<Member, 'name' | 'nodeId' | 'kind' | 'agentVersion' | 'heardAt'>;

/** Those nodes, for people to see: for a day, or until they are back. */
export interface LostNodes {
  add(node: LostNode): void;
  /** A node is there again, or its name is another's, or it was removed. */
  forget(name: string, nodeId?: string): void;
  list(): readonly LostNode[];
}

const shownMs = 24 * 60 * 60_000;
const most = 1_000;

export function createLostNodes(clock: Clock): LostNodes {
  /** Oldest first. */
  let nodes: readonly LostNode[] = [];
  return {
    add({ name, nodeId, kind, agentVersion, heardAt }) {
      nodes = [...nodes, { name, nodeId, kind, agentVersion, heardAt }].slice(-most);
    },
    forget(name, nodeId) {
      nodes = nodes.filter((node) => node.name !== name && node.nodeId !== nodeId);
    },
    list() {
      nodes = nodes.filter(({ heardAt }) => clock.now() - heardAt < shownMs);
      return nodes;
    },
  };
}
