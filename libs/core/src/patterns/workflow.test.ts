import { expect, test } from 'vitest';
import { ClusterError } from '../error.ts';
import { crashEverywhere, runToEnd } from './crash-sweep.fixture.ts';
import type { Json, JsonObject } from './json.ts';
import { modelsOf } from './models.fixture.ts';
import type { Script } from './run.fixture.ts';
import { userTextOf } from './script.fixture.ts';
import { workflow } from './workflow.ts';

const models = modelsOf({ name: 'm', resident: true }, 'coder');
const task = (id: string, dependencies: string[] = [], more: JsonObject = {}): JsonObject => ({
  ...{ id, type: 'RESEARCH', content: `do ${id}`, dependencies },
  ...more,
});
const tasks = [task('a'), task('b', ['a'], { type: 'CODE' }), task('c'), task('d', ['b', 'c'], { type: 'SYNTHESIS' })];

const does =
  (answers: Record<string, string | ClusterError> = {}): Script =>
  (call) => {
    const [, id = ''] = /Your part: do (\w+)/.exec(userTextOf(call)) ?? [];
    return answers[id] ?? `${id} is done`;
  };

const run = (list: Json, script = does(), rest: object = {}) => {
  const input = workflow.parse({ query: 'the whole', tasks: list }, models);
  return runToEnd({ pattern: workflow, input, scripts: { m: script, coder: script }, ...rest });
};

test('runs each task by a model for its type, and ends with the last result', async () => {
  const { result, entries, notes } = await run(tasks);
  expect(result).toMatchObject({
    text: 'd is done',
    tasks: ['a', 'b', 'c', 'd'].map((id) => ({ id, status: 'COMPLETED', result: `${id} is done` })),
  });
  const modelsAsked = entries.flatMap(({ event }) => (event.type === 'asked' ? [`${event.step} ${event.model}`] : []));
  expect(modelsAsked).toEqual(['task.a m', 'task.c m', 'task.b coder', 'task.d m']);
  const voices = entries.flatMap(({ event }) =>
    event.type === 'said' && event.voice === 'answer' ? [event.step] : [],
  );
  expect(new Set(voices)).toEqual(new Set(['task.d']));
  expect(notes.slice(0, 2)).toEqual([
    { kind: 'task', id: 'a', status: 'RUNNING' },
    { kind: 'task', id: 'c', status: 'RUNNING' },
  ]);
});

test('goes on where a caller has left off', async () => {
  const half = [task('a', [], { status: 'COMPLETED', result: 'mine' }), task('b', ['a'], { status: 'READY' })];
  let seen = '';
  const { result, asked } = await run(half, (call) => ((seen = userTextOf(call)), 'B'));
  expect(asked).toEqual(['task.b']);
  expect(seen).toContain('mine');
  expect(result).toMatchObject({ text: 'B', tasks: [{ result: 'mine' }, { result: 'B' }] });
});

test('what fails skips what needs it, and only that', async () => {
  const script = does({ a: new ClusterError('upstream_error', 'it broke') });
  const { end } = await run([...tasks, task('e', ['a', 'c'], { policies: { a: 'optional' } })], script);
  expect(end).toMatchObject({
    state: 'COMPLETED',
    result: {
      text: 'e is done',
      tasks: [{ status: 'FAILED', error: 'it broke' }, { status: 'SKIPPED' }, {}, { status: 'SKIPPED' }, {}],
    },
  });
});

test('a task without anything to work on fails, and invents nothing', async () => {
  const { result } = await run([task('a'), task('b', ['a'], { policies: { a: 'optional' } })], does({ a: '' }));
  expect(result).toMatchObject({ text: '', tasks: [{ status: 'FAILED' }, { status: 'FAILED' }] });
});

test.each<[Json, string]>([
  [[], 'tasks'],
  [[task('a', ['a'])], 'circle'],
  [[task('a'), task('a')], 'twice'],
  [[task('a', ['b'])], 'does not exist'],
  [[task('a', [], { type: 'DANCE' })], 'type'],
  [[task('a', [], { content: ' ' })], 'content'],
  [Array.from({ length: 1_000 }, (_, id) => task(`t${id}`)), 'tasks'],
  ['all of it', 'tasks'],
])('%.60j is refused', (list, words) => {
  expect(() => workflow.parse({ query: 'q', tasks: list }, models)).toThrow(
    expect.objectContaining({ reason: 'invalid_request', message: expect.stringContaining(words) as string }),
  );
});

test('a budget that ends in the middle keeps what is done', async () => {
  const { end } = await run(tasks, does(), { budget: { maxCalls: 2 } });
  expect(end).toMatchObject({ state: 'COMPLETED', result: { degraded: [expect.stringContaining('budget')] } });
  expect(end?.result?.text).toMatch(/is done/);
});

test('after a crash at any place it ends the same, and asks no answered thing again', async () => {
  const input = workflow.parse({ query: 'the whole', tasks }, models);
  const scripts = { m: does(), coder: does() };
  expect(await crashEverywhere({ pattern: workflow, input, scripts })).toBeGreaterThan(15);
});
