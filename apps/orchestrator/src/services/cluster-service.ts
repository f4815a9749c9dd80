import type { MessageInitShape } from '@bufbuild/protobuf';
import { canonicalModel, mayUseModel, type Clock } from '@tutti/core';
import type { Cluster, NodeView } from '@tutti/core/cluster';
import type { ClusterModelSchema, ClusterService } from '@tutti/proto/tutti/v1/cluster';
import { NodeStatus, type Node } from '@tutti/proto/tutti/v1/node';
import type { Implementation } from '@tutti/rpc';
import { listModels, listRunners } from '../models/listing.ts';
import { int32 } from '../members/int32.ts';
import { windowFrom, type RequestBook } from '../observation/request-book.ts';

interface Options {
  readonly cluster: Pick<Cluster, 'nodes' | 'waiting' | 'inFlight' | 'paused'>;
  /** Every node that is connected, declared or silent. */
  readonly nodes: () => readonly Node[];
  readonly book: Pick<RequestBook, 'figures'>;
  readonly clock: Clock;
  readonly orchestratorId: string;
  readonly version: string;
  /** When the process began, on the clock. */
  readonly startedAt: number;
  /** Whether other machines can reach it. */
  readonly exposed: boolean;
  /** Most calls in flight over all nodes. */
  readonly concurrency: () => number;
}

const lastMinuteMs = 60_000;

/** Shows the cluster as one. */
export function clusterService(options: Options): Implementation<typeof ClusterService> {
  const { cluster, nodes, book, clock, orchestratorId, version, startedAt, exposed, concurrency } = options;

  const glance = () => {
    const all = nodes();
    const nodesReady = all.filter(({ status }) => status === NodeStatus.READY).length;
    return {
      status: nodesReady === 0 ? 'unavailable' : nodesReady < all.length ? 'degraded' : 'ok',
      nodesReady,
      nodesTotal: all.length,
      models: listModels(cluster.nodes).length,
      modelsLoaded: all.reduce((sum, { runners }) => sum + runners.length, 0),
      queueWaiting: cluster.waiting,
      inFlight: cluster.inFlight,
    };
  };

  return {
    getStatus: async () => ({
      ...glance(),
      ...{ version, orchestratorId, exposed, paused: cluster.paused },
      uptimeMs: clock.now() - startedAt,
      slotsTotal: Math.min(
        concurrency(),
        ready(cluster.nodes).reduce((sum, { state }) => sum + (state.slots?.total ?? 0), 0),
      ),
    }),
    listModels: async (_, { principal }) => ({
      models: modelsOf(cluster.nodes, clock).filter(({ name }) => !principal || mayUseModel(principal, name!)),
    }),
    getMetrics: async ({ windowMs }) => book.figures(windowFrom(windowMs)),
    async getSummary() {
      const { requestsPerMinute, tokensPerSecond, errorRate } = book.figures(lastMinuteMs);
      return { ...glance(), requestsPerMinute, tokensPerSecond, errorRate, ...vramOf(nodes()) };
    },
  };
}

function ready(nodes: readonly NodeView[]): NodeView[] {
  return nodes.filter((node) => node.ready);
}

function modelsOf(nodes: readonly NodeView[], clock: Clock): MessageInitShape<typeof ClusterModelSchema>[] {
  const loadedOn = new Map(listRunners(nodes, clock).map(({ item, nodes }) => [canonicalModel(item.name), nodes]));
  return listModels(nodes)
    .map(({ item: { name, digest, sizeBytes, capabilities, contextLength }, nodes }) => ({
      ...{ name, digest, sizeBytes, capabilities, contextLength: int32(contextLength) },
      nodes: [...nodes],
      loadedOn: [...(loadedOn.get(canonicalModel(name)) ?? [])],
    }))
    .toSorted((a, b) => a.name.localeCompare(b.name, 'en'));
}

function vramOf(nodes: readonly Node[]): { vramUsedBytes: number; vramTotalBytes: number } {
  const gpus = nodes.flatMap(({ hardware }) => hardware?.gpus ?? []);
  return {
    vramUsedBytes: gpus.reduce((sum, { memoryUsedBytes = 0 }) => sum + memoryUsedBytes, 0),
    vramTotalBytes: gpus.reduce((sum, { memoryTotalBytes = 0 }) => sum + memoryTotalBytes, 0),
  };
}
