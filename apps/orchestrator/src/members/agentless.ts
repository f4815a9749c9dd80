import type { ServerSettings } from '@tutti/backends';
import type { Clock, NodeRecord } from '@tutti/core';
import type { Log } from '@tutti/runtime/log';
import type { Membership } from './membership.ts';
import { startAgentlessNode, type AgentlessNode } from './agentless-node.ts';
import { modelServer, type ModelServer } from './model-server.ts';

/** The model servers that have no agent: for each of them a node runs in this process. */
export interface Agentless {
  /** Starts and stops nodes so that there is one for each such record. Those that stop let their calls end. */
  apply(records: readonly NodeRecord[]): void;
  /** Stops them all, and ends their calls. */
  close(): Promise<void>;
}

interface Options {
  readonly membership: Pick<Membership, 'attach'>;
  /** How to reach the server of a node that is declared with a URL: records do not hold it. */
  readonly servers?: (name: string) => ServerSettings | undefined;
  readonly clock: Clock;
  readonly log: Log;
}

export function createAgentless({ membership, servers = () => undefined, clock, log }: Options): Agentless {
  const running = new Map<string, { readonly server: ModelServer; readonly node: AgentlessNode }>();
  const stopping = new Set<AgentlessNode>();
  let closed = false;

  const start = (record: NodeRecord, server: ModelServer): void => {
    const { name } = record;
    // The next time that records come, it is tried again.
    const onFailed = (): void => void (running.get(name)?.node === node && running.delete(name));
    const node = startAgentlessNode({ record, openBackend: server.open, membership, clock, log, onFailed });
    running.set(name, { server, node });
  };

  const retire = (name: string, node: AgentlessNode): void => {
    running.delete(name);
    stopping.add(node);
    void node.stop(false).finally(() => stopping.delete(node));
  };

  return {
    apply(records) {
      if (closed) return;
      const wanted = new Map(
        records.flatMap((record) => {
          const server = modelServer(record, servers(record.name), clock);
          return server ? [[record.name, { record, server }] as const] : [];
        }),
      );
      for (const [name, { server, node }] of running) {
        if (wanted.get(name)?.server.identity !== server.identity) retire(name, node);
      }
      for (const [name, { record, server }] of wanted) if (!running.has(name)) start(record, server);
    },
    async close() {
      closed = true;
      const nodes = [...[...running.values()].map(({ node }) => node), ...stopping];
      running.clear();
      await Promise.all(nodes.map((node) => node.stop(true)));
    },
  };
}
