import type { Clock } from '@tutti/core';
import type { Cluster, NodeView } from '@tutti/core/cluster';
import { NodeStatus, type Node } from '@tutti/proto/tutti/v1/node';
import { hardwareGauges, type Reading, type Registry } from '@tutti/runtime/metrics';
import type { StoreHealth } from './store-health.ts';

interface Options {
  readonly cluster: Pick<Cluster, 'nodes' | 'waiting' | 'inFlight'>;
  /** Every node that is connected, declared or silent. */
  readonly nodes: () => readonly Node[];
  readonly store: () => StoreHealth;
  /** Most requests that may wait. */
  readonly queueSize: () => number;
  readonly version: string;
  readonly clock: Clock;
}

/** What an agent has reported tells nothing any more after so long. */
const staleMs = 30_000;

const up: ReadonlySet<NodeStatus> = new Set([NodeStatus.READY, NodeStatus.DRAINING, NodeStatus.CORDONED]);

/** Gauges of queue, nodes, models and store, read when somebody scrapes. */
export function createGauges(registry: Registry, labelOf: (model: string) => string, options: Options): void {
  const { cluster, nodes, store, queueSize, version, clock } = options;
  const one = (name: string, help: string, value: () => number): void =>
    registry.gauge(name, help, [], () => [{ labels: {}, value: value() }]);
  const fresh = (): NodeView[] => cluster.nodes.filter((node) => clock.now() - node.reportedAt < staleMs);
  const byNode = (name: string, help: string, value: (node: NodeView) => number | undefined): void =>
    registry.gauge(name, help, ['node'], () =>
      fresh().map((node) => ({ labels: { node: node.name }, value: value(node) ?? 0 })),
    );

  registry.gauge('tutti_build_info', 'Version of Tutti.', ['version'], () => [{ labels: { version }, value: 1 }]);
  one('tutti_queue_depth', 'Requests that wait for a node.', () => cluster.waiting);
  one('tutti_queue_capacity', 'Most requests that may wait.', queueSize);
  one('tutti_requests_running', 'Requests that run on a node.', () => cluster.inFlight);
  registry.gauge('tutti_node_up', 'Whether the node answers.', ['node'], () =>
    nodes().map(({ name, status }) => ({ labels: { node: name }, value: up.has(status) ? 1 : 0 })),
  );
  registry.gauge('tutti_node_heartbeat_age_seconds', 'Since the last heartbeat or report.', ['node'], () =>
    nodes().flatMap(heartbeatAge),
  );
  byNode('tutti_node_slots', 'Calls that the node runs at a time.', ({ state }) => state.slots?.total);
  byNode('tutti_node_slots_busy', 'Calls that run on the node.', ({ state }) => state.slots?.busy);
  byNode('tutti_node_waiting', 'Calls that wait at the node.', ({ state }) => state.slots?.waiting);
  registry.gauge('tutti_model_loaded', 'Models in memory.', ['model', 'node'], () =>
    fresh().flatMap(({ name, state }) =>
      state.runners.map(({ model }) => ({ labels: { model: labelOf(model), node: name }, value: 1 })),
    ),
  );
  hardwareGauges(registry, {
    prefix: 'tutti_node',
    labels: ['node'],
    machines: () => fresh().map(({ name, state }) => ({ labels: { node: name }, hardware: state.hardware })),
  });
  one('tutti_store_up', 'Whether the store answers.', () => (store().status === 'ok' ? 1 : 0));
  one('tutti_log_buffered', 'Log lines that wait to be stored.', () => store().bufferedLines);
  registry.total('tutti_log_dropped_total', 'Log lines that were lost.', () => store().droppedLines);
}

function heartbeatAge({ name, heartbeatAgeMs }: Node): Reading[] {
  return heartbeatAgeMs === undefined ? [] : [{ labels: { node: name }, value: heartbeatAgeMs / 1_000 }];
}
