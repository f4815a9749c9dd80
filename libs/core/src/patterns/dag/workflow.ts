import { ClusterError } from '../../error.ts';
import { byLongestPath, lastTasks } from './order.ts';
import { unblocked } from './ready.ts';
import { isTerminalStatus, taskStatuses, type DagTask, type TaskStatus } from './task.ts';

export const workflowStrategies = ['SEQUENTIAL', 'PARALLEL', 'HIERARCHICAL', 'DYNAMIC'] as const;

export type WorkflowStrategy = (typeof workflowStrategies)[number];

export const taskTypes = ['REASONING', 'RESEARCH', 'CREATIVE', 'CODE', 'SYNTHESIS', 'EXECUTION'] as const;

export type TaskType = (typeof taskTypes)[number];

export type WorkflowTask = DagTask & {
  readonly type: TaskType;
  /** What is to be done. */
  readonly content: string;
  readonly status: TaskStatus;
  /** Of a COMPLETED task. */
  readonly result?: string;
  /** Of a FAILED task. */
  readonly error?: string;
};

/** A task as it is planned. */
export type PlannedTask = Omit<WorkflowTask, 'status' | 'result' | 'error'>;

/** Tasks on their way, as they are stored. Whoever runs them tells what became of each. */
export interface Workflow {
  readonly id: string;
  readonly strategy: WorkflowStrategy;
  readonly tasks: readonly WorkflowTask[];
  /** Milliseconds since 1970. */
  readonly createdAt: number;
}

export type WorkflowState = 'PENDING' | 'RUNNING' | 'COMPLETED' | 'FAILED' | 'CANCELLED';

/** What somebody tells of a task. */
export interface TaskChange {
  readonly status: TaskStatus;
  readonly result?: string;
  readonly error?: string;
}

export interface WorkflowResult {
  readonly state: WorkflowState;
  readonly finalResult: string;
  /** Results by the ids of the tasks that have one. */
  readonly taskResults: Readonly<Record<string, string>>;
}

/** What a caller may make of a task. PENDING tasks become READY by themselves; RUNNING ones may be given back. */
const allowed: Readonly<Record<TaskStatus, readonly TaskStatus[]>> = {
  PENDING: ['SKIPPED', 'CANCELLED'],
  READY: ['RUNNING', 'COMPLETED', 'FAILED', 'SKIPPED', 'CANCELLED'],
  RUNNING: ['READY', 'COMPLETED', 'FAILED', 'CANCELLED'],
  COMPLETED: [],
  FAILED: [],
  SKIPPED: [],
  CANCELLED: [],
};

/** A workflow of planned tasks; those that wait for nothing are READY. */
export function createWorkflow(facts: Omit<Workflow, 'tasks'>, planned: readonly PlannedTask[]): Workflow {
  return readiedWorkflow({ ...facts, tasks: planned.map((task) => ({ ...task, status: 'PENDING' as const })) });
}

/** The workflow with each waiting task READY whose inputs are there, and SKIPPED when they never will be. */
function readiedWorkflow(workflow: Workflow): Workflow {
  const statuses = new Map(workflow.tasks.map(({ id, status }) => [id, status]));
  const changed = unblocked(workflow.tasks, statuses);
  const tasks = workflow.tasks.map((task) => ({ ...task, status: changed.get(task.id) ?? task.status }));
  return { ...workflow, tasks };
}

/** READY tasks in the order that is best to run: those with the most work waiting behind them first. */
export function nextTasks({ tasks }: Workflow): readonly WorkflowTask[] {
  const ready = tasks.filter(({ status }) => status === 'READY');
  return byLongestPath(ready, tasks);
}

/** The workflow after a change of one task, and what follows from it for the others. */
export function updatedWorkflow(workflow: Workflow, taskId: string, change: TaskChange): Workflow {
  const task = workflow.tasks.find(({ id }) => id === taskId);
  if (!task) {
    throw new ClusterError('not_found', `The workflow "${workflow.id}" has no task "${taskId}".`, { param: 'taskId' });
  }
  checkChange(task, change);
  const changed: WorkflowTask = { ...task, ...change };
  return readiedWorkflow({ ...workflow, tasks: workflow.tasks.map((one) => (one === task ? changed : one)) });
}

/** The workflow with everything that has not ended CANCELLED. */
export function cancelledWorkflow(workflow: Workflow): Workflow {
  const ended = (task: WorkflowTask): WorkflowTask =>
    isTerminalStatus(task.status) ? task : { ...task, status: 'CANCELLED' };
  return { ...workflow, tasks: workflow.tasks.map(ended) };
}

/** It is COMPLETED when all tasks have ended and one that nothing depends on has a result. */
export function workflowState({ tasks }: Pick<Workflow, 'tasks'>): WorkflowState {
  const has = (status: TaskStatus): boolean => tasks.some((task) => task.status === status);
  if (!tasks.every(({ status }) => isTerminalStatus(status))) {
    return tasks.some(({ status }) => status === 'RUNNING' || isTerminalStatus(status)) ? 'RUNNING' : 'PENDING';
  }
  if (lastTasks(tasks).some(({ status }) => status === 'COMPLETED')) return 'COMPLETED';
  return has('CANCELLED') && !has('FAILED') ? 'CANCELLED' : 'FAILED';
}

/** What came out; `failed_precondition` as long as a task has not ended, with its name. */
export function workflowResult(workflow: Workflow): WorkflowResult {
  const open = workflow.tasks.filter(({ status }) => !isTerminalStatus(status));
  if (open.length > 0) {
    const missing = open.map(({ id, status }) => `${id} is ${status}`).join(', ');
    throw new ClusterError('not_finished', `The workflow is not finished: ${missing}.`);
  }
  const results = workflow.tasks.flatMap(({ id, result }) => (result === undefined ? [] : [[id, result] as const]));
  return {
    state: workflowState(workflow),
    finalResult: finalResult(workflow.tasks),
    taskResults: Object.fromEntries(results),
  };
}

/** The results of the tasks that nothing depends on; of all, if none of those has one. */
export function finalResult(tasks: readonly WorkflowTask[]): string {
  const of = (some: readonly WorkflowTask[]): string =>
    some.flatMap(({ result }) => (result === undefined ? [] : [result])).join('\n\n');
  return of(lastTasks(tasks)) || of(tasks);
}

function checkChange({ id, status: before }: WorkflowTask, { status, result, error }: TaskChange): void {
  if (!taskStatuses.includes(status)) {
    throw refused('status', `a task is ${taskStatuses.join(', ')}, not ${JSON.stringify(status)}`);
  }
  if (!allowed[before].includes(status)) {
    const may = allowed[before].length > 0 ? `it may become ${allowed[before].join(', ')}` : 'it has ended';
    const message = `Task "${id}" is ${before} and cannot become ${status}: ${may}.`;
    throw new ClusterError('failed_precondition', message, { param: 'status' });
  }
  if (result !== undefined && status !== 'COMPLETED') throw refused('result', 'only a COMPLETED task has one');
  if (error !== undefined && status !== 'FAILED') throw refused('error', 'only a FAILED task has one');
}

function refused(param: string, why: string): ClusterError {
  return new ClusterError('invalid_request', `${param}: ${why}.`, { param });
}
