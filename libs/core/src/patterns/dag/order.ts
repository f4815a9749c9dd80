import type { DagTask } from './task.ts';

/**
 * Tasks by layer, those without dependencies first: each stands one layer after the last of its dependencies. What
 * stands on a cycle, or after one, is in no layer. (Kahn's algorithm; unknown dependencies do not count.)
 */
export function layersOf<T extends DagTask>(tasks: readonly T[]): T[][] {
  const layers: T[][] = [];
  const placed = new Set<string>();
  const known = new Set(tasks.map(({ id }) => id));
  let left: readonly T[] = tasks;
  while (left.length > 0) {
    const free = left.filter(({ dependencies }) => dependencies.every((id) => placed.has(id) || !known.has(id)));
    if (free.length === 0) return layers;
    layers.push(free);
    for (const { id } of free) placed.add(id);
    left = left.filter(({ id }) => !placed.has(id));
  }
  return layers;
}

/** Of these tasks of a plan, the one with the most work waiting behind it first; equals as in the plan. */
export function byLongestPath<T extends DagTask>(some: readonly T[], plan: readonly DagTask[]): T[] {
  const lengths = pathLengths(plan);
  return some.toSorted((a, b) => lengths.get(b.id)! - lengths.get(a.id)!);
}

/** Tasks on the longest way from each task to the end of the plan, itself included. */
export function pathLengths(plan: readonly DagTask[]): ReadonlyMap<string, number> {
  const lengths = new Map(plan.map(({ id }) => [id, 1]));
  for (const { id, dependencies } of layersOf(plan).flat().toReversed()) {
    for (const before of dependencies) {
      lengths.set(before, Math.max(lengths.get(before) ?? 1, lengths.get(id)! + 1));
    }
  }
  return lengths;
}

/** Tasks that none other depends on. */
export function lastTasks<T extends DagTask>(plan: readonly T[]): T[] {
  const needed = new Set(plan.flatMap(({ dependencies }) => dependencies));
  return plan.filter(({ id }) => !needed.has(id));
}
