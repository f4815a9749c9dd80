import type { Clock } from '@tutti/core';
import type { Cluster } from '@tutti/core/cluster';
import type { Node } from '@tutti/proto/tutti/v1/node';
import type { Log } from '@tutti/runtime/log';
import { createRegistry, type Registry } from '@tutti/runtime/metrics';
import { logRequest } from './request-log.ts';
import { createGauges } from './gauges.ts';
import { createModelLabels } from './model-labels.ts';
import { createRequestBook, type RequestBook } from './request-book.ts';
import { createRequestMetrics, type RequestMetrics } from './request-metrics.ts';
import type { StoreHealth } from './store-health.ts';
import { createWhyBook, type WhyBook } from './why-book.ts';

/** What is seen of requests, nodes and the store. */
export interface Observation {
  readonly metrics: Registry;
  readonly book: RequestBook;
  readonly why: WhyBook;
  readonly countRefusals: RequestMetrics['countRefusals'];
}

interface Options {
  readonly cluster: Cluster;
  /** Every node that is connected, declared or silent. */
  readonly nodes: () => readonly Node[];
  readonly storeHealth: () => StoreHealth;
  readonly queueSize: () => number;
  readonly version: string;
  readonly log: Log;
  readonly clock: Clock;
}

/** Each request that ends is counted, logged and kept in the book. */
export function createObservation(options: Options): Observation {
  const { cluster, nodes, storeHealth, queueSize, version, log, clock } = options;
  const metrics = createRegistry();
  const modelLabel = createModelLabels(() => cluster.nodes);
  const { count, countRefusals } = createRequestMetrics(metrics, modelLabel);
  const logEnded = logRequest(log);
  const why = createWhyBook({ clock, expectedOutput: cluster.estimates.expectedOutput });
  const book = createRequestBook({
    clock,
    onStart: why.arrived,
    onEnd(record) {
      count(record);
      logEnded(record);
    },
  });
  createGauges(metrics, modelLabel, { cluster, nodes, store: storeHealth, queueSize, version, clock });
  return { metrics, book, why, countRefusals };
}
