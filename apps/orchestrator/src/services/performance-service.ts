import {
  canonicalModel,
  ClusterError,
  localPrincipal,
  modelNotFound,
  requireModel,
  type Clock,
  type Principal,
} from '@tutti/core';
import {
  isSamplingTask,
  samplingTasks,
  type AnswerCache,
  type CacheStats,
  type Cluster,
  type LearntSampling,
  type Placements,
  type NodeView,
  type Preset,
  type SamplingTask,
} from '@tutti/core/cluster';
import type { PerformanceService } from '@tutti/proto/tutti/v1/performance';
import type { Implementation } from '@tutti/rpc';
import { hasRole } from '../access/permissions.ts';
import { listModels } from '../models/listing.ts';
import { int32 } from '../members/int32.ts';
import { windowFrom } from '../observation/request-book.ts';
import { requestsKept, type WhyBook } from '../observation/why-book.ts';
import { explanation } from './explanation.ts';
import type { Prewarmer } from '../models/prewarmer.ts';
import { traceOf } from './trace.ts';

interface Options {
  readonly why: Pick<WhyBook, 'explain' | 'since'>;
  readonly prewarmer: Pick<Prewarmer, 'prewarm'>;
  readonly sampling: Pick<LearntSampling, 'evidence'>;
  readonly cluster: Pick<Cluster, 'nodes' | 'facts' | 'placements' | 'estimates'>;
  readonly cache: Pick<AnswerCache, 'stats'>;
  readonly clock: Clock;
}

const hourMs = 3_600_000;
const largestContext = 2 ** 24;
const longestIdShown = 128;

/** Makes answers come sooner, and tells why they come when they do. */
export function performanceService(options: Options): Implementation<typeof PerformanceService> {
  const { why, prewarmer, sampling, cluster, cache, clock } = options;
  return {
    async prewarm({ model, node, numCtx }, { principal = localPrincipal }) {
      if (model === '') throw new ClusterError('invalid_request', 'model is required.', { param: 'model' });
      requireModel(principal, model);
      checkContext(numCtx);
      const {
        numCtx: settled,
        evicted,
        ...rest
      } = await prewarmer.prewarm({ model, node: node || undefined, numCtx }, principal);
      return { ...rest, evicted: [...evicted], ...(settled !== undefined && { numCtx: settled }) };
    },
    getBatchStats: async () => ({ embed: embedBatching(cluster.nodes), model: modelBatching(cluster.placements) }),
    getCacheStats: async () => cacheStats(cache.stats()),
    async explainRequest({ requestId }, { principal = localPrincipal }) {
      const story = why.explain(requestId);
      // Of somebody else's request not even its existence is told.
      if (!story || !maySee(principal, story.record.principal)) throw unknownRequest(requestId);
      return explanation(story, clock.now());
    },
    async getParameters({ model, taskType }, { principal = localPrincipal }) {
      requireModel(principal, model);
      if (!isSamplingTask(taskType)) throw unknownTask(taskType);
      if (!listModels(cluster.nodes).some(({ item }) => canonicalModel(item.name) === canonicalModel(model)))
        throw modelNotFound(model);
      return parametersOf(sampling, model, taskType);
    },
    getTrace: async ({ windowMs }) => traceOf({ why, cluster, windowMs: windowFrom(windowMs ?? hourMs) }),
  };
}

function parametersOf({ evidence }: Pick<LearntSampling, 'evidence'>, model: string, taskType: SamplingTask) {
  const { preferred, evidence: known } = evidence(model, taskType);
  return {
    ...{ model: canonicalModel(model), taskType, ...sampledBy(preferred) },
    evidence: known.map(({ preset, samples, meanReward }) => ({
      ...{ ...sampledBy(preset), samples },
      ...(meanReward !== undefined && { meanReward }),
    })),
  };
}

function sampledBy({ name, temperature, top_p }: Preset) {
  return { preset: name, temperature, topP: top_p };
}

function unknownTask(taskType: string): ClusterError {
  const shown = taskType.slice(0, longestIdShown);
  return new ClusterError('invalid_request', `taskType must be one of ${samplingTasks.join(', ')}, got "${shown}".`, {
    param: 'taskType',
  });
}

function checkContext(numCtx: number | undefined): void {
  if (numCtx === undefined || (numCtx >= 1 && numCtx <= largestContext)) return;
  throw new ClusterError('invalid_request', `numCtx must be 1 to ${largestContext}, got ${numCtx}.`, {
    param: 'numCtx',
  });
}

/** Requests of others are for operators, as their records are. */
function maySee(principal: Principal, owner: string): boolean {
  return principal.id === owner || hasRole(principal, 'operator');
}

function unknownRequest(requestId: string): ClusterError {
  const kept = `The last ${requestsKept} requests are kept, each by the orchestrator that it came to`;
  return new ClusterError(
    'not_found',
    `No request "${requestId.slice(0, longestIdShown)}" is known here. ${kept}; x-request-id of an answer names it.`,
    { param: 'requestId' },
  );
}

function embedBatching(nodes: readonly NodeView[]) {
  const batches = nodes.flatMap(({ state }) => state.embedBatches ?? []);
  const sum = (count: (batch: (typeof batches)[number]) => number): number =>
    batches.reduce((total, batch) => total + count(batch), 0);
  const calls = sum((batch) => batch.calls);
  const requests = sum((batch) => batch.requests);
  return {
    ...{ calls, requests },
    inputs: sum(({ inputs }) => inputs),
    meanCalls: requests === 0 ? 0 : calls / requests,
    largest: int32(batches.reduce((largest, batch) => Math.max(largest, batch.largest), 0)),
  };
}

function modelBatching({ calls, loads, reloadsAvoided }: Placements) {
  return { calls, loads, reloadsAvoided, ...(loads > 0 && { callsPerLoad: calls / loads }) };
}

function cacheStats(stats: CacheStats) {
  const asked = stats.hits + stats.misses;
  return { ...stats, ...(asked > 0 && { hitRate: stats.hits / asked }) };
}
