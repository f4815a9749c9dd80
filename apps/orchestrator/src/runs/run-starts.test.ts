import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, it } from 'vitest';
import { titleOf } from './run-starts.ts';

it('a title keeps no more of a long query in memory than it shows', () => {
  setFlagsFromString('--expose-gc');
  const collectGarbage = runInNewContext('gc') as () => void;
  collectGarbage();
  const before = process.memoryUsage().heapUsed;
  const titles = Array.from({ length: 20 }, (_, i) => titleOf(`${i} ${'why? '.repeat(400_000)}`));
  collectGarbage();
  expect(process.memoryUsage().heapUsed - before).toBeLessThan(10_000_000);
  expect(titles.at(-1)).toMatch(/^19 (why\? ){59}w/);
  expect(titles.map(({ length }) => length)).toEqual(titles.map(() => 300));
});
