import { seededRandom } from '@tutti/testing';
import { expect, test } from 'vitest';
import { ClusterError } from '../../error.ts';
import { byLongestPath, lastTasks, layersOf, pathLengths } from './order.ts';
import { unblocked } from './ready.ts';
import { runTasks, type TaskNews } from './run-tasks.ts';
import type { DagTask, EdgePolicy, TaskStatus } from './task.ts';
import { dagDefects } from './validate.ts';

const task = (id: string, dependencies: string[] = [], policies?: DagTask['policies']): DagTask => ({
  ...{ id, dependencies },
  ...(policies && { policies }),
});

/** A plan whose edges go from earlier tasks to later ones, its tasks in any order. */
function randomPlan(random: () => number, size: number): DagTask[] {
  const policies: EdgePolicy[] = ['required', 'optional', 'any-of'];
  const tasks = Array.from({ length: size }, (_, index) => {
    const before = Array.from({ length: index }, (_, other) => `t${other}`).filter(() => random() < 0.4);
    const named = before.map((id) => [id, policies[Math.floor(random() * 3)]!] as const);
    return task(`t${index}`, before, Object.fromEntries(named));
  });
  return tasks
    .map((item) => ({ item, at: random() }))
    .toSorted((a, b) => a.at - b.at)
    .map(({ item }) => item);
}

const seeds = Array.from({ length: 60 }, (_, seed) => seed);
const wide = { maxTasks: 24, maxDepth: 24 };

test.each([
  ['no task', [], 'no task'],
  ['an id twice', [task('a'), task('a')], 'used twice'],
  ['no id', [task('')], 'no id of a task'],
  ['an id that would leave its brackets', [task('a] [b')], 'no id of a task'],
  ['an unknown dependency', [task('a', ['b'])], '"b", which does not exist'],
  ['itself', [task('a', ['a'])], 'circle: a'],
  [
    'a circle, and one behind it',
    [task('a', ['c']), task('b', ['a']), task('c', ['b']), task('d', ['c'])],
    'a, b, c, d',
  ],
  ['a policy without its edge', [task('a'), task('b', [], { a: 'optional' })], 'does not depend on'],
  ['a way too long', ['a', 'b', 'c', 'd', 'e', 'f'].map((id, at, all) => task(id, all.slice(at - 1, at))), 'at most 5'],
  ['too many', Array.from({ length: 100_000 }, (_, id) => task(`t${id}`)), 'at most 24'],
])('a plan with %s is refused', (_what, tasks, words) => {
  expect(dagDefects(tasks).join()).toContain(words);
});

test('plans without circles are allowed, and with an edge back they are not', () => {
  for (const seed of seeds) {
    const random = seededRandom(seed);
    const plan = randomPlan(random, 2 + Math.floor(random() * 20));
    expect(dagDefects(plan, wide), `seed ${seed}`).toEqual([]);
    const [first, ...rest] = layersOf(plan).flat();
    const behind = rest.filter(({ dependencies }) => dependencies.includes(first!.id));
    if (behind.length === 0) continue;
    const bent = plan.map((one) => (one === first ? task(first.id, [behind[0]!.id]) : one));
    expect(dagDefects(bent, wide).join(), `seed ${seed}`).toContain('circle');
  }
});

test('layers, lengths of paths, last tasks', () => {
  const plan = [task('c', ['a', 'b']), task('a'), task('b', ['a']), task('d'), task('e', ['d'])];
  expect(layersOf(plan).map((layer) => layer.map(({ id }) => id))).toEqual([['a', 'd'], ['b', 'e'], ['c']]);
  expect(Object.fromEntries(pathLengths(plan))).toEqual({ a: 3, b: 2, c: 1, d: 2, e: 1 });
  expect(lastTasks(plan).map(({ id }) => id)).toEqual(['c', 'e']);
  expect(byLongestPath([plan[3]!, plan[1]!], plan).map(({ id }) => id)).toEqual(['a', 'd']);
});

test.each<[DagTask['policies'], TaskStatus, TaskStatus, string | undefined]>([
  [{}, 'COMPLETED', 'COMPLETED', 'READY'],
  [{}, 'COMPLETED', 'RUNNING', undefined],
  [{}, 'FAILED', 'RUNNING', 'SKIPPED'],
  [{ a: 'optional' }, 'FAILED', 'COMPLETED', 'READY'],
  [{ a: 'optional' }, 'RUNNING', 'COMPLETED', undefined],
  [{ a: 'any-of', b: 'any-of' }, 'RUNNING', 'COMPLETED', 'READY'],
  [{ a: 'any-of', b: 'any-of' }, 'RUNNING', 'FAILED', undefined],
  [{ a: 'any-of', b: 'any-of' }, 'CANCELLED', 'SKIPPED', 'SKIPPED'],
  [{ a: 'any-of', b: 'optional' }, 'COMPLETED', 'SKIPPED', 'READY'],
])('with %j, of inputs that are %s and %s, comes %s', (policies, a, b, expected) => {
  const plan = [task('a'), task('b'), task('c', ['a', 'b'], policies)];
  const statuses = new Map([
    ['a', a],
    ['b', b],
    ['c', 'PENDING' as const],
  ]);
  expect(unblocked(plan, statuses).get('c')).toBe(expected);
});

test('what is skipped skips what needs it', () => {
  const plan = [task('d', ['c']), task('c', ['b']), task('b', ['a']), task('a'), task('e', ['d'], { d: 'optional' })];
  const statuses = new Map<string, TaskStatus>(plan.map(({ id }) => [id, id === 'a' ? 'FAILED' : 'PENDING']));
  expect(Object.fromEntries(unblocked(plan, statuses))).toEqual({
    ...{ b: 'SKIPPED', c: 'SKIPPED', d: 'SKIPPED', e: 'READY' },
  });
});

test('every task of any plan ends once, after its inputs, and is skipped only for what is lost', async () => {
  for (const seed of seeds) {
    const random = seededRandom(seed);
    const plan = randomPlan(random, 1 + Math.floor(random() * 12));
    const news: TaskNews<DagTask, string>[] = [];
    const work = async ({ id }: DagTask): Promise<string> => {
      for (let turns = Math.floor(random() * 20); turns > 0; turns--) await Promise.resolve();
      if (random() < 0.3) throw new ClusterError('upstream_error', `${id} broke`);
      return id;
    };
    for await (const one of runTasks({ tasks: plan, work })) news.push(one);
    const ends = news.filter(({ status }) => status !== 'RUNNING');
    const place = (id: string): number => ends.findIndex((one) => one.task.id === id);
    const statusOf = (id: string): TaskStatus => ends[place(id)]!.status;
    expect(ends.map((one) => one.task.id).toSorted(), `seed ${seed}`).toEqual(plan.map(({ id }) => id).toSorted());
    for (const { id, dependencies, policies = {} } of plan) {
      const required = dependencies.filter((before) => policies[before] === 'required');
      const any = dependencies.filter((before) => policies[before] === 'any-of');
      const lost =
        required.some((before) => statusOf(before) !== 'COMPLETED') ||
        (any.length > 0 && any.every((before) => statusOf(before) !== 'COMPLETED'));
      expect(statusOf(id) === 'SKIPPED', `seed ${seed} task ${id}`).toBe(lost);
      const started = news.findIndex((one) => one.task.id === id && one.status === 'RUNNING');
      if (started < 0) continue;
      for (const before of required) expect(news.indexOf(ends[place(before)]!), `seed ${seed}`).toBeLessThan(started);
    }
  }
});

test('what has ended before is not done again', async () => {
  const done: string[] = [];
  const work = async ({ id }: DagTask): Promise<void> => void done.push(id);
  const ended = new Map<string, TaskStatus>([
    ['a', 'COMPLETED'],
    ['b', 'FAILED'],
  ]);
  const plan = [task('a'), task('b'), task('c', ['a']), task('d', ['b'])];
  const news: string[] = [];
  for await (const one of runTasks({ tasks: plan, ended, work })) news.push(`${one.task.id} ${one.status}`);
  expect(done).toEqual(['c']);
  expect(news).toEqual(['c RUNNING', 'd SKIPPED', 'c COMPLETED']);
});
