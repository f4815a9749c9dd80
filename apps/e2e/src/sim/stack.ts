import { ClusterError, type Clock, type Generate, type Random } from '@tutti/core';
import {
  createBreakers,
  createCluster,
  createQuarantine,
  createRetryBudget,
  dispatched,
  fallback,
  hedged,
  resumed,
  retried,
  type Cluster,
  type Decision,
  type Route,
} from '@tutti/core/cluster';
import type { Record } from './recorder.ts';

/** What ships between a face and the agents. */
export interface Stack {
  readonly cluster: Cluster;
  readonly generate: Generate;
}

interface Options {
  readonly clock: Clock;
  readonly random: Random;
  readonly record: Record;
  readonly concurrency: number;
  readonly queueSize: number;
  readonly hedge: boolean;
  readonly routes: () => readonly Route[];
}

const hedgeAfterMs = 3_000;

export function createStack({ clock, random, record, concurrency, queueSize, hedge, routes }: Options): Stack {
  const cluster = createCluster({
    ...{ clock, random, routes, breakers: createBreakers({ clock, random }) },
    concurrency: () => concurrency,
    queueSize: () => queueSize,
    onDecision: (decision) => record.add({ kind: 'chosen', ...chosen(decision) }),
  });
  const budget = createRetryBudget({ clock });
  const quarantine = createQuarantine({ clock });
  const hedging = hedge ? { clock, cluster, retries: budget, budget: 0.02, afterMs: hedgeAfterMs } : undefined;
  const bottom = hedged(hedging, dispatched(recorded(cluster, record), clock));
  const generate = fallback(
    { budget },
    resumed({ clock, budget }, retried({ clock, random, budget, quarantine }, bottom)),
  );
  return { cluster, generate };
}

/** Writes down who waits and what comes of it. */
function recorded(cluster: Cluster, record: Record): Pick<Cluster, 'request'> {
  return {
    request(call, context) {
      const wait = record.nextNumber();
      record.add({ kind: 'enqueued', wait, request: context.requestId });
      const request = cluster.request(call, context);
      request.lease.then(
        ({ node }) => record.add({ kind: 'granted', wait, node }),
        (thrown: unknown) => {
          const { reason, retryAfterMs } = ClusterError.from(thrown);
          const sheds = reason === 'overloaded' && retryAfterMs !== undefined;
          record.add({ kind: 'refused', wait, reason, sheds });
        },
      );
      return request;
    },
  };
}

function chosen({ requestId, demand, option }: Decision) {
  const { promptTokens, contextTokens = promptTokens, maxOutputTokens, numCtx = 0, model } = demand;
  return {
    ...{ request: requestId, node: option.node, model, load: option.kind === 'load', evict: option.evict },
    neededTokens: Math.max(numCtx, contextTokens + Math.min(maxOutputTokens, answerReserve)),
  };
}

/** Room for an answer that every runner must have, as the cluster has it. */
const answerReserve = 512;
