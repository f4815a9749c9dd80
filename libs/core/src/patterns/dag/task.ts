/** What a task makes of a dependency that ends without a result. */
export type EdgePolicy =
  /** The task is skipped. */
  | 'required'
  /** The task goes on without it. */
  | 'optional'
  /** One result of all the edges with this policy is enough, and the task does not wait for the rest. */
  | 'any-of';

/** A task of a plan, as far as order is concerned. */
export type DagTask = {
  /** Unique in its plan. */
  readonly id: string;
  /** Ids of the tasks that come before it. */
  readonly dependencies: readonly string[];
  /** By id of a dependency; those left out are "required". */
  readonly policies?: Readonly<Record<string, EdgePolicy>>;
};

export const taskStatuses = ['PENDING', 'READY', 'RUNNING', 'COMPLETED', 'FAILED', 'SKIPPED', 'CANCELLED'] as const;

export type TaskStatus = (typeof taskStatuses)[number];

const terminal: ReadonlySet<TaskStatus> = new Set(['COMPLETED', 'FAILED', 'SKIPPED', 'CANCELLED']);

/** Whether a task in this status will never change again. */
export function isTerminalStatus(status: TaskStatus | undefined): boolean {
  return status !== undefined && terminal.has(status);
}

export function policyOf({ policies }: DagTask, dependency: string): EdgePolicy {
  return policies && Object.hasOwn(policies, dependency) ? policies[dependency]! : 'required';
}
