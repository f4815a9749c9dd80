import { layersOf } from './order.ts';
import type { PlannedTask, WorkflowStrategy } from './workflow.ts';

/** The tasks in the order that a strategy gives them; the plan's own order counts only where the strategy leaves it. */
export function shapedTasks(strategy: WorkflowStrategy, tasks: readonly PlannedTask[]): readonly PlannedTask[] {
  return shapes[strategy](tasks);
}

const shapes: Readonly<Record<WorkflowStrategy, (tasks: readonly PlannedTask[]) => readonly PlannedTask[]>> = {
  SEQUENTIAL: (tasks) => {
    const order = layersOf(tasks).flat();
    return order.map((task, index) => after(task, order.slice(Math.max(0, index - 1), index)));
  },
  PARALLEL: (tasks) => {
    const independent = tasks.filter(({ type }) => type !== 'SYNTHESIS').map((task) => after(task, []));
    const last = tasks.find(({ type }) => type === 'SYNTHESIS');
    if (independent.length === 0) return tasks.map((task) => after(task, []));
    const policies = Object.fromEntries(independent.map(({ id }) => [id, 'optional' as const]));
    return [...independent, after({ ...(last ?? synthesis(independent)), policies }, independent)];
  },
  HIERARCHICAL: (tasks) => {
    const layers = layersOf(tasks);
    return layers.flatMap((layer, index) => layer.map((task) => after(task, layers[index - 1] ?? [])));
  },
  DYNAMIC: (tasks) => tasks,
};

/** A dependency that was there before keeps its policy. */
function after({ policies = {}, ...task }: PlannedTask, before: readonly PlannedTask[]): PlannedTask {
  const dependencies = before.map(({ id }) => id);
  const kept = Object.entries(policies).filter(([id]) => dependencies.includes(id));
  return { ...task, dependencies, ...(kept.length > 0 && { policies: Object.fromEntries(kept) }) };
}

/** Puts together what the others have come to. */
function synthesis(tasks: readonly PlannedTask[]): PlannedTask {
  const taken = new Set(tasks.map(({ id }) => id));
  const id = ['synthesis', ...tasks.map((_, index) => `synthesis-${index}`)].find((name) => !taken.has(name))!;
  const content = 'Put the results of the other tasks together into one answer.';
  return { id, type: 'SYNTHESIS', content, dependencies: [] };
}
