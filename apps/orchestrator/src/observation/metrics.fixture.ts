import type { NodeView } from '@tutti/core/cluster';
import type { Node } from '@tutti/proto/tutti/v1/node';
import { createRegistry } from '@tutti/runtime/metrics';
import { virtualClock } from '@tutti/testing';
import { createGauges } from './gauges.ts';
import { createModelLabels } from './model-labels.ts';
import { createRequestBook } from './request-book.ts';
import { createRequestMetrics } from './request-metrics.ts';
import type { StoreHealth } from './store-health.ts';
import { pass } from './traffic.fixture.ts';

/** An orchestrator's metrics, put together as in its main, over nodes that a test may change. */
export function startMetrics(views: readonly NodeView[] = [], nodes: readonly Node[] = []) {
  const clock = virtualClock();
  const registry = createRegistry();
  const cluster = { nodes: views, waiting: 3, inFlight: 2 };
  const health: StoreHealth = { kind: 'sqlite', status: 'ok', bufferedLines: 2, droppedLines: 5, error: '' };
  const labelOf = createModelLabels(() => cluster.nodes);
  const metrics = createRequestMetrics(registry, labelOf);
  createGauges(registry, labelOf, {
    cluster,
    nodes: () => nodes,
    store: () => health,
    queueSize: () => 100,
    version: '0.1.0',
    clock,
  });
  const book = createRequestBook({ clock, onEnd: metrics.count });
  return { clock, cluster, registry, metrics, book, pass: (traffic = {}) => pass(book.watch, clock, traffic) };
}

/** The lines of a scrape that begin with `name`, without comments. */
export async function linesOf(registry: { text(): Promise<string> }, name: string): Promise<string[]> {
  return (await registry.text()).split('\n').filter((line) => line.startsWith(name) && !line.startsWith('#'));
}
