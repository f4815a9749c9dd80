import { layersOf } from './order.ts';
import { isTerminalStatus, policyOf, type DagTask, type EdgePolicy, type TaskStatus } from './task.ts';

export type Statuses = ReadonlyMap<string, TaskStatus>;

/**
 * What becomes of tasks that are PENDING: READY when their inputs are there, SKIPPED when these will never be. A skipped
 * task counts for those after it at once.
 */
export function unblocked(tasks: readonly DagTask[], statuses: Statuses): ReadonlyMap<string, 'READY' | 'SKIPPED'> {
  const known = new Map(statuses);
  const changed = new Map<string, 'READY' | 'SKIPPED'>();
  for (const task of layersOf(tasks).flat()) {
    if (known.get(task.id) !== 'PENDING') continue;
    const status = inputsOf(task, known);
    if (!status) continue;
    known.set(task.id, status);
    changed.set(task.id, status);
  }
  return changed;
}

function inputsOf(task: DagTask, statuses: Statuses): 'READY' | 'SKIPPED' | undefined {
  const by = (policy: EdgePolicy) => task.dependencies.filter((id) => policyOf(task, id) === policy);
  const completed = (id: string) => statuses.get(id) === 'COMPLETED';
  const ended = (id: string) => isTerminalStatus(statuses.get(id));
  const lost = (id: string) => ended(id) && !completed(id);
  const required = by('required');
  const anyOf = by('any-of');
  if (required.some(lost) || (anyOf.length > 0 && anyOf.every(lost))) return 'SKIPPED';
  const enough = required.every(completed) && (anyOf.length === 0 || anyOf.some(completed));
  return enough && by('optional').every(ended) ? 'READY' : undefined;
}
