import { seededRandom } from '@tutti/testing';
import { expect, test } from 'vitest';
import { shapedTasks } from './shaped-tasks.ts';
import { isTerminalStatus, taskStatuses } from './task.ts';
import { dagDefects } from './validate.ts';
import {
  cancelledWorkflow,
  createWorkflow,
  nextTasks,
  workflowResult,
  workflowState,
  workflowStrategies,
  updatedWorkflow,
  type PlannedTask,
  type TaskChange,
  type TaskType,
  type Workflow,
} from './workflow.ts';

const planned = (id: string, dependencies: string[] = [], type: TaskType = 'REASONING'): PlannedTask => ({
  ...{ id, type, content: `do ${id}`, dependencies },
});
const diamond = [planned('a'), planned('b', ['a']), planned('c', ['a']), planned('d', ['b', 'c'], 'SYNTHESIS')];
const workflowOf = (tasks: readonly PlannedTask[]): Workflow =>
  createWorkflow({ id: 'w', strategy: 'DYNAMIC', createdAt: 1 }, tasks);
const after = (workflow: Workflow, ...changes: [string, TaskChange][]): Workflow =>
  changes.reduce((now, [id, change]) => updatedWorkflow(now, id, change), workflow);
const statuses = ({ tasks }: Workflow): string => tasks.map(({ id, status }) => `${id} ${status}`).join(', ');
const done = (result?: string): TaskChange => ({ status: 'COMPLETED', ...(result !== undefined && { result }) });

test('a caller runs it to its end', () => {
  const begun = workflowOf(diamond);
  expect(statuses(begun)).toBe('a READY, b PENDING, c PENDING, d PENDING');
  expect(workflowState(begun)).toBe('PENDING');
  const half = after(begun, ['a', { status: 'RUNNING' }], ['a', done('A')]);
  expect(nextTasks(half).map(({ id }) => id)).toEqual(['b', 'c']);
  expect(workflowState(half)).toBe('RUNNING');
  expect(() => workflowResult(half)).toThrow('not finished: b is READY, c is READY, d is PENDING');
  const whole = after(half, ['b', done('B')], ['c', done()], ['d', done('D')]);
  expect(workflowResult(whole)).toEqual({
    state: 'COMPLETED',
    finalResult: 'D',
    taskResults: { a: 'A', b: 'B', d: 'D' },
  });
});

test('what fails skips what needs it; what came out before it is the result', () => {
  const failed = after(workflowOf(diamond), ['a', done('A')], ['b', { status: 'FAILED', error: 'broke' }]);
  expect(statuses(failed)).toBe('a COMPLETED, b FAILED, c READY, d SKIPPED');
  const end = after(failed, ['c', { status: 'SKIPPED' }]);
  expect(workflowResult(end)).toEqual({ state: 'FAILED', finalResult: 'A', taskResults: { a: 'A' } });
});

test('a task with more behind it comes first', () => {
  const workflow = workflowOf([planned('x'), planned('a'), planned('b', ['a'])]);
  expect(nextTasks(workflow).map(({ id }) => id)).toEqual(['a', 'x']);
});

test.each<[[string, TaskChange][], string, string]>([
  [
    [['b', { status: 'RUNNING' }]],
    'failed_precondition',
    'b" is PENDING and cannot become RUNNING: it may become SKIPPED',
  ],
  [
    [
      ['a', done()],
      ['a', done()],
    ],
    'failed_precondition',
    'is COMPLETED and cannot become COMPLETED: it has ended',
  ],
  [
    [
      ['a', { status: 'CANCELLED' }],
      ['a', { status: 'RUNNING' }],
    ],
    'failed_precondition',
    'it has ended',
  ],
  [
    [
      ['a', { status: 'RUNNING' }],
      ['a', { status: 'RUNNING' }],
    ],
    'failed_precondition',
    'it may become READY, COMPLETED, FAILED, CANCELLED',
  ],
  [[['a', { status: 'RUNNING', result: 'x' }]], 'invalid_request', 'result'],
  [[['a', { status: 'COMPLETED', error: 'x' }]], 'invalid_request', 'error'],
  [[['a', { status: 'DONE' } as unknown as TaskChange]], 'invalid_request', 'a task is PENDING, READY'],
  [[['e', { status: 'RUNNING' }]], 'not_found', 'no task "e"'],
])('%j is refused', (changes, reason, words) => {
  expect(() => after(workflowOf(diamond), ...changes)).toThrow(
    expect.objectContaining({ reason, message: expect.stringContaining(words) as string }),
  );
});

test('a running task may be given back, and a whole workflow be cancelled', () => {
  const workflow = after(workflowOf(diamond), ['a', { status: 'RUNNING' }], ['a', { status: 'READY' }]);
  expect(nextTasks(workflow)).toHaveLength(1);
  expect(statuses(cancelledWorkflow(workflow))).toBe('a CANCELLED, b CANCELLED, c CANCELLED, d CANCELLED');
  expect(workflowState(cancelledWorkflow(workflow))).toBe('CANCELLED');
  expect(() => updatedWorkflow(cancelledWorkflow(workflow), 'a', { status: 'RUNNING' })).toThrow('it has ended');
});

test.each([
  ['SEQUENTIAL', { a: [], c: ['a'], b: ['c'], d: ['b'] }],
  ['PARALLEL', { a: [], b: [], c: [], d: ['a', 'b', 'c'] }],
  ['HIERARCHICAL', { a: [], b: ['c'], c: ['a'], d: ['b'] }],
  ['DYNAMIC', { a: [], b: ['c'], c: ['a'], d: ['a', 'b'] }],
] as const)('%s gives tasks its own order', (strategy, expected) => {
  const plan = [planned('a'), planned('b', ['c']), planned('c', ['a']), planned('d', ['a', 'b'], 'SYNTHESIS')];
  const edges = shapedTasks(strategy, plan).map(({ id, dependencies }) => [id, dependencies]);
  expect(Object.fromEntries(edges)).toEqual(expected);
});

test('tasks in parallel get a synthesis, which one that fails does not stop', () => {
  const tasks = shapedTasks('PARALLEL', [planned('a'), planned('synthesis')]);
  expect(tasks.at(-1)).toMatchObject({ id: 'synthesis-0', type: 'SYNTHESIS', dependencies: ['a', 'synthesis'] });
  const workflow = after(workflowOf(tasks), ['a', { status: 'FAILED' }], ['synthesis', done('S')]);
  expect(nextTasks(workflow).map(({ id }) => id)).toEqual(['synthesis-0']);
});

test('whatever a caller does, no task is lost and none changes after its end', () => {
  for (let seed = 0; seed < 60; seed++) {
    const random = seededRandom(seed);
    const pick = <T>(items: readonly T[]): T => items[Math.floor(random() * items.length)]!;
    const size = 1 + Math.floor(random() * 8);
    const plan = Array.from({ length: size }, (_, index) =>
      planned(`t${index}`, index > 0 && random() < 0.7 ? [`t${Math.floor(random() * index)}`] : []),
    );
    const tasks = shapedTasks(pick(workflowStrategies), plan);
    expect(dagDefects(tasks, { maxTasks: 24, maxDepth: 24 }), `seed ${seed}`).toEqual([]);
    let workflow = workflowOf(tasks);
    for (let step = 0; step < 200 && !workflow.tasks.every(({ status }) => isTerminalStatus(status)); step++) {
      const before = workflow;
      try {
        workflow = updatedWorkflow(workflow, pick(workflow.tasks).id, { status: pick(taskStatuses) });
      } catch {
        continue;
      }
      for (const [index, { id, status }] of workflow.tasks.entries()) {
        const was = before.tasks[index]!;
        expect(id).toBe(was.id);
        if (isTerminalStatus(was.status)) expect(status, `seed ${seed}`).toBe(was.status);
      }
      const open = workflow.tasks.some(({ status }) => !isTerminalStatus(status));
      const movable = workflow.tasks.some(({ status }) => status === 'READY' || status === 'RUNNING');
      expect(movable, `seed ${seed}: something is open and nothing can go on`).toBe(open);
    }
  }
});
