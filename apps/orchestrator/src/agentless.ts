import type { Clock, NodeRecord } from '@tutti/core';
import type { Log } from '@tutti/runtime/log';
import type { Membership } from './membership.ts';
import { serverUrl, startAgentlessNode, type AgentlessNode } from './members/agentless-node.ts';

/** The model servers that have no agent: for each of them a node runs in this process. */
export interface Agentless {
  /** Starts and stops nodes so that there is one for each such record. Those that stop let their calls end. */
  apply(records: readonly NodeRecord[]): void;
  /** Stops them all, and ends their calls. */
  close(): Promise<void>;
}

interface Options {
  readonly membership: Pick<Membership, 'attach'>;
  readonly clock: Clock;
  readonly log: Log;
}

/** What an agent takes that is told nothing. */
const limits = { total: 5, perRunner: 1 };

export function createAgentless({ membership, clock, log }: Options): Agentless {
  const running = new Map<string, { readonly url: string; readonly node: AgentlessNode }>();
  const stopping = new Set<AgentlessNode>();
  let closed = false;

  const start = (record: NodeRecord): void => {
    const { name } = record;
    // The next time that records come, it is tried again.
    const onFailed = (): void => void (running.get(name)?.node === node && running.delete(name));
    const node = startAgentlessNode({ record, membership, limits, clock, log, onFailed });
    running.set(name, { url: serverUrl(record), node });
  };

  const retire = (name: string, node: AgentlessNode): void => {
    running.delete(name);
    stopping.add(node);
    void node.stop(false).finally(() => stopping.delete(node));
  };

  return {
    apply(records) {
      if (closed) return;
      const wanted = new Map(records.filter(({ kind }) => kind === 'ollama').map((record) => [record.name, record]));
      for (const [name, { url, node }] of running) {
        const record = wanted.get(name);
        if (!record || serverUrl(record) !== url) retire(name, node);
      }
      for (const [name, record] of wanted) if (!running.has(name)) start(record);
    },
    async close() {
      closed = true;
      const nodes = [...[...running.values()].map(({ node }) => node), ...stopping];
      running.clear();
      await Promise.all(nodes.map((node) => node.stop(true)));
    },
  };
}
