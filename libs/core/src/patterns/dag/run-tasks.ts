import { ClusterError } from '../../error.ts';
import { byLongestPath } from './order.ts';
import { unblocked, type Statuses } from './ready.ts';
import type { DagTask, TaskStatus } from './task.ts';

/** What happened to a task. */
export type TaskNews<T, R> =
  | { readonly task: T; readonly status: 'RUNNING' | 'SKIPPED' }
  | { readonly task: T; readonly status: 'COMPLETED'; readonly value: R }
  | { readonly task: T; readonly status: 'FAILED'; readonly error: ClusterError };

interface Options<T, R> {
  /** A plan without defects. */
  readonly tasks: readonly T[];
  /** Those that have ended before, by id. */
  readonly ended?: Statuses;
  /** Does a task; begins in the turn in which the last of its inputs arrived. */
  readonly work: (task: T) => Promise<R>;
}

/** Runs a plan: each task starts as soon as its inputs are there, whatever else is on its way. Ends when no task is open. */
export async function* runTasks<T extends DagTask, R>(options: Options<T, R>): AsyncGenerator<TaskNews<T, R>, void> {
  const { tasks, ended, work } = options;
  const statuses = new Map<string, TaskStatus>(tasks.map(({ id }) => [id, ended?.get(id) ?? 'PENDING']));
  const news: TaskNews<T, R>[] = [];
  let wake = (): void => {};

  const tell = (item: TaskNews<T, R>): void => {
    statuses.set(item.task.id, item.status);
    news.push(item);
    wake();
  };

  const run = async (task: T): Promise<void> => {
    tell({ task, status: 'RUNNING' });
    const end = await work(task).then(
      (value) => ({ task, status: 'COMPLETED', value }) as const,
      (thrown: unknown) => ({ task, status: 'FAILED', error: ClusterError.from(thrown) }) as const,
    );
    tell(end);
    begin();
  };

  const begin = (): void => {
    const changed = unblocked(tasks, statuses);
    const some = tasks.filter(({ id }) => changed.has(id));
    for (const task of byLongestPath(some, tasks)) {
      if (changed.get(task.id) === 'READY') void run(task);
      else tell({ task, status: 'SKIPPED' });
    }
  };

  begin();
  while (news.length > 0 || [...statuses.values()].includes('RUNNING')) {
    const item = news.shift();
    if (item) yield item;
    else await new Promise<void>((resolve) => (wake = resolve));
  }
}
