import type { ListedRunner } from '@tutti/dialects/ollama';
import type { Model } from '@tutti/proto/tutti/agent/v1/state';
import { canonicalModel, type Clock } from '@tutti/core';
import type { NodeView } from '@tutti/core/cluster';
import { isPatternModel } from './pattern-names.ts';

/** The cluster as one Ollama: each model once, with the nodes that have it. */
export interface Listed<T> {
  readonly item: T;
  readonly nodes: readonly string[];
}

/**
 * Models of the nodes that are ready; of several under one name, the newest is shown. Not those of our own names, which
 * a node has if another Tutti stands behind it: nobody is sent there for them.
 */
export function listModels(nodes: readonly NodeView[]): Listed<Model>[] {
  return merged(
    nodes,
    ({ state }) => state.models.filter(({ name }) => !isPatternModel(name)),
    (model) => model.name,
    (a, b) => (a.modifiedAt >= b.modifiedAt ? a : b),
  );
}

/** Runners of the nodes that are ready; of several of one model, the one with the largest context is shown. */
export function listRunners(nodes: readonly NodeView[], clock: Clock): Listed<ListedRunner>[] {
  const larger = (a: ListedRunner, b: ListedRunner): ListedRunner =>
    (a.contextLength ?? 0) >= (b.contextLength ?? 0) ? a : b;
  return merged(
    nodes,
    (node) => runnersOf(node, clock),
    (runner) => runner.name,
    larger,
  );
}

/** How Ollama writes "for ever". */
const never = '2318-01-01T00:00:00Z';

/** An agent tells how long a runner still lives, since clocks differ; clients want a date. */
function runnersOf({ state, reportedAt }: NodeView, clock: Clock): ListedRunner[] {
  const reportedWallTime = clock.wallTime() - (clock.now() - reportedAt);
  return state.runners.map(({ model, expiresInMs, ...runner }) => ({
    ...runner,
    name: model,
    expiresAt: expiresInMs === undefined ? '' : expiryText(reportedWallTime, expiresInMs),
  }));
}

/** "" for what is no date: an agent may report anything. */
function expiryText(reportedWallTime: number, expiresInMs: number): string {
  if (expiresInMs < 0) return never;
  const date = new Date(reportedWallTime + expiresInMs);
  return Number.isNaN(date.getTime()) ? '' : date.toISOString();
}

function merged<T>(
  nodes: readonly NodeView[],
  itemsOf: (node: NodeView) => readonly T[],
  nameOf: (item: T) => string,
  better: (a: T, b: T) => T,
): Listed<T>[] {
  const all = nodes
    .filter((node) => node.ready)
    .flatMap((node) => itemsOf(node).map((item) => ({ item, node: node.name })));
  const byName = Map.groupBy(all, ({ item }) => canonicalModel(nameOf(item)));
  return [...byName.values()].map((same) => ({
    item: same.map(({ item }) => item).reduce(better),
    nodes: [...new Set(same.map(({ node }) => node))].toSorted(),
  }));
}
