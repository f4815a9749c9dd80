import { layersOf } from './order.ts';
import type { DagTask } from './task.ts';

/** How large a plan may be. */
export interface DagLimits {
  readonly maxTasks: number;
  /** Tasks on the longest way through the plan. */
  readonly maxDepth: number;
}

export const dagLimits: DagLimits = { maxTasks: 24, maxDepth: 5 };

/** Ids of tasks stand in ids of steps, and in square brackets in texts. */
const taskIds = /^[a-zA-Z0-9][a-zA-Z0-9-]{0,39}$/;

/** What keeps a plan from being run, in sentences that a person or a model can act on; none: it can be run. */
export function dagDefects(tasks: readonly DagTask[], { maxTasks, maxDepth } = dagLimits): string[] {
  if (tasks.length === 0) return ['There is no task.'];
  if (tasks.length > maxTasks) return [`There are ${tasks.length} tasks; at most ${maxTasks} are allowed.`];
  const defects = [...idDefects(tasks), ...edgeDefects(tasks)];
  if (defects.length > 0) return defects;
  const layers = layersOf(tasks);
  const ordered = new Set(layers.flat());
  const caught = tasks.filter((task) => !ordered.has(task)).map(({ id }) => id);
  if (caught.length > 0) return [`Tasks wait for each other in a circle: ${caught.join(', ')}.`];
  if (layers.length <= maxDepth) return [];
  return [`${layers.length} tasks stand one after the other; at most ${maxDepth} may.`];
}

function idDefects(tasks: readonly DagTask[]): string[] {
  const seen = new Set<string>();
  return tasks.flatMap(({ id }) => {
    if (!taskIds.test(id)) return [`${JSON.stringify(id)} is no id of a task: use letters, digits and "-".`];
    if (seen.has(id)) return [`The id "${id}" is used twice.`];
    seen.add(id);
    return [];
  });
}

function edgeDefects(tasks: readonly DagTask[]): string[] {
  const ids = new Set(tasks.map(({ id }) => id));
  return tasks.flatMap((task) => [
    ...task.dependencies
      .filter((id) => !ids.has(id))
      .map((id) => `Task "${task.id}" depends on ${JSON.stringify(id)}, which does not exist.`),
    ...Object.keys(task.policies ?? {})
      .filter((id) => !task.dependencies.includes(id))
      .map((id) => `Task "${task.id}" has a policy for ${JSON.stringify(id)}, which it does not depend on.`),
  ]);
}
