import { expect, test } from 'vitest';
import { runToEnd } from './crash-sweep.fixture.ts';
import { decompose } from './decompose.ts';
import type { JsonObject } from './json.ts';
import { modelsOf } from './models.fixture.ts';

const models = modelsOf('m');
const task = (id: string, dependencies: string[] = [], type = 'RESEARCH') => ({
  id,
  type,
  content: `do ${id}`,
  dependencies,
});
const plan = (strategy: string, tasks: object[]): string => JSON.stringify({ strategy, tasks });
const three = [task('a'), task('b', ['a']), task('c', ['b'], 'SYNTHESIS')];

const run = (answers: readonly string[], body: JsonObject = {}) => {
  const left = [...answers];
  const input = decompose.parse({ query: 'build a house', ...body }, models);
  return runToEnd({ pattern: decompose, input, scripts: { m: () => left.shift() ?? '' } });
};

test('one call plans, and nothing is done', async () => {
  const { result, asked } = await run([plan('DYNAMIC', three)]);
  expect(asked).toEqual(['plan']);
  expect(result).toEqual({
    text: 'a (RESEARCH): do a\nb (RESEARCH, after a): do b\nc (SYNTHESIS, after b): do c',
    ...{ strategy: 'DYNAMIC', tasks: three },
  });
});

test('the strategy gives the order, and the caller may give the strategy', async () => {
  const { result } = await run([plan('PARALLEL', three)], { strategy: 'PARALLEL' });
  expect(result).toMatchObject({ tasks: [{ dependencies: [] }, { dependencies: [] }, { dependencies: ['a', 'b'] }] });
  const other = await run([plan('DYNAMIC', three), plan('PARALLEL', three)], { strategy: 'PARALLEL' });
  expect(other.asked).toEqual(['plan', 'plan.repair']);
  expect(() => decompose.parse({ query: 'q', strategy: 'FASTEST' }, models)).toThrow(
    expect.objectContaining({ param: 'strategy' }),
  );
});

test.each([
  ['a circle', plan('DYNAMIC', [task('a', ['b']), task('b', ['a'])])],
  [
    'too long a chain',
    plan(
      'SEQUENTIAL',
      ['a', 'b', 'c', 'd', 'e', 'f'].map((id) => task(id)),
    ),
  ],
  ['prose', 'You should begin with the walls.'],
  ['nothing', ''],
])('a plan of %s is repaired once; then the request is one task', async (_what, bad) => {
  const repaired = await run([bad, plan('DYNAMIC', three)]);
  expect(repaired).toMatchObject({ asked: ['plan', 'plan.repair'], result: { tasks: three } });
  const whole = await run([bad, bad]);
  expect(whole.result).toMatchObject({
    tasks: [{ id: 't1', type: 'REASONING', content: 'build a house', dependencies: [] }],
    degraded: [expect.any(String)],
  });
});
