import { fromJson, type JsonValue, type MessageInitShape } from '@bufbuild/protobuf';
import { ValueSchema } from '@bufbuild/protobuf/wkt';
import { ClusterError, type Clock } from '@tutti/core';
import type { Cluster, NodeView } from '@tutti/core/cluster';
import type { Hardware } from '@tutti/proto/tutti/agent/v1/state';
import type { AdminService, NodeMetricsSchema, RequestRecordSchema } from '@tutti/proto/tutti/v1/admin';
import { NodeStatus, NodeStatusSchema, type Node } from '@tutti/proto/tutti/v1/node';
import type { Implementation } from '@tutti/rpc';
import type { Config } from '@tutti/runtime/config';
import { figuresOf, sharesByModel, sharesByNode, stagesOf, type Share } from '../observation/figures.ts';
import type { LoopLag } from '../observation/loop-lag.ts';
import { windowFrom, type RequestBook } from '../observation/request-book.ts';
import { durationMs, type RequestRecord } from '../observation/request-record.ts';
import type { StoreHealth } from '../observation/store-health.ts';
import { systemFacts } from '../observation/system-facts.ts';

interface Options {
  readonly book: RequestBook;
  readonly cluster: Pick<Cluster, 'nodes' | 'waiting'>;
  /** Every node that is connected, declared or silent, by name. */
  readonly nodes: () => readonly Node[];
  readonly store: () => StoreHealth;
  readonly lag: Pick<LoopLag, 'read'>;
  readonly settings: Pick<Config, 'file' | 'origins' | 'patch' | 'reload'>;
  readonly version: string;
  readonly clock: Clock;
}

/** Tells how the orchestrator does, and changes its settings. */
export function adminService(options: Options): Implementation<typeof AdminService> {
  const { book, cluster, nodes, store, lag, settings, version, clock } = options;
  return {
    async getAdminMetrics({ windowMs }) {
      const window = book.over(windowFrom(windowMs));
      const { requestsPerMinute, errorRate } = figuresOf(window);
      return {
        windowMs: window.windowMs,
        requestsPerMinute,
        errorRate,
        queueSize: cluster.waiting,
        byModel: sharesByModel(window.ended).map(({ name, p95ResponseMs, ...share }) => ({
          ...share,
          model: name,
          p95Ms: p95ResponseMs,
        })),
        byNode: nodeMetrics(sharesByNode(window.ended), cluster.nodes),
      };
    },
    async getAdminHealth() {
      const all = nodes();
      const health = store();
      return {
        status: overall(all, health),
        nodes: all.map(nodeHealth),
        store: health,
        uptimeMs: process.uptime() * 1_000,
      };
    },
    async getSystem() {
      return { version, ...systemFacts() };
    },
    async getPerformance({ windowMs }) {
      const window = book.over(windowFrom(windowMs));
      return { windowMs: window.windowMs, stages: stagesOf(window.ended), loopLag: lag.read() };
    },
    async listRequests({ limit }) {
      const now = clock.now();
      return {
        running: book.running().map((record) => requestRecord(record, now)),
        ended: book.ended(limitFrom(limit)).map((record) => requestRecord(record, now)),
      };
    },
    async getConfig() {
      return { file: settings.file ?? '', settings: settingMessages(settings, Object.keys(settings.origins)) };
    },
    async updateConfig({ changes }) {
      if (!changes) throw new ClusterError('invalid_request', 'The request changes nothing.', { param: 'changes' });
      const { changed } = settings.patch(changes);
      return { changed: settingMessages(settings, changed) };
    },
    async reloadConfig() {
      const { changed, needsRestart } = settings.reload();
      return { changed: settingMessages(settings, changed), needsRestart: [...needsRestart] };
    },
  };
}

const defaultLimit = 100;
const largestLimit = 1_000;

function limitFrom(limit: number | undefined): number {
  if (limit === undefined) return defaultLimit;
  if (limit >= 0 && limit <= largestLimit) return limit;
  throw new ClusterError('invalid_request', `limit must be 0 to ${largestLimit}, got ${limit}.`, { param: 'limit' });
}

function overall(nodes: readonly Node[], store: StoreHealth): string {
  const ready = nodes.filter((node) => node.status === NodeStatus.READY).length;
  if (ready === 0) return 'unavailable';
  return ready === nodes.length && store.status === 'ok' ? 'ok' : 'degraded';
}

function nodeHealth({ name, status, heartbeatAgeMs, problem }: Node) {
  const lastHeartbeat = heartbeatAgeMs !== undefined && { lastHeartbeatMs: heartbeatAgeMs };
  return { name, status: NodeStatusSchema.value[status]!.localName.toLowerCase(), error: problem, ...lastHeartbeat };
}

/** Nodes that ran nothing are shown for their hardware, nodes that are gone for what they ran. */
function nodeMetrics(
  shares: readonly Share[],
  views: readonly NodeView[],
): MessageInitShape<typeof NodeMetricsSchema>[] {
  const shareOf = new Map(shares.map((share) => [share.name, share]));
  const viewOf = new Map(views.map((view) => [view.name, view]));
  const names = [...new Set([...shareOf.keys(), ...viewOf.keys()])].toSorted((a, b) => a.localeCompare(b, 'en'));
  return names.map((node) => {
    const { requests = 0, errors = 0, avgResponseMs = 0 } = shareOf.get(node) ?? {};
    return { node, requests, errors, avgResponseMs, ...hardwareFigures(viewOf.get(node)?.state.hardware) };
  });
}

function hardwareFigures(hardware: Hardware | undefined) {
  const { cpuLoad, memoryTotalBytes, memoryAvailableBytes, gpus = [] } = hardware ?? {};
  const loads = gpus.map((gpu) => gpu.load).filter((load) => load !== undefined);
  const used = gpus.map((gpu) => gpu.memoryUsedBytes).filter((bytes) => bytes !== undefined);
  return {
    ...(cpuLoad !== undefined && { cpu: cpuLoad }),
    ...(memoryTotalBytes &&
      memoryAvailableBytes !== undefined && { memory: 1 - memoryAvailableBytes / memoryTotalBytes }),
    ...(loads.length > 0 && { gpu: Math.max(...loads) }),
    ...(used.length > 0 && { vramUsedBytes: used.reduce((sum, bytes) => sum + bytes) }),
  };
}

function requestRecord(record: RequestRecord, now: number): MessageInitShape<typeof RequestRecordSchema> {
  const { id, state, model, kind, principal, node, route, attempts, error } = record;
  const { queueMs, firstTokenMs, promptTokens, outputTokens } = record;
  return {
    ...{ id, state, model, kind, principal, node, route, attempts },
    arrivedAt: new Date(record.arrivedWallTime).toISOString(),
    durationMs: durationMs(record, now),
    error: error ?? '',
    ...(queueMs !== undefined && { queueMs }),
    ...(firstTokenMs !== undefined && { firstTokenMs }),
    ...(promptTokens !== undefined && { promptTokens }),
    ...(outputTokens !== undefined && { outputTokens }),
  };
}

function settingMessages({ origins }: Pick<Config, 'origins'>, paths: readonly string[]) {
  return paths.map((path) => {
    const { value, origin, reloadable } = origins[path]!;
    return { path, origin, reloadable, value: fromJson(ValueSchema, value as JsonValue) };
  });
}
