import { expect, it } from 'vitest';
import { createLimitedMap } from './limited-map.ts';

it('holds so many entries, and forgets what was set longest ago', () => {
  const map = createLimitedMap<number>(3);
  for (const [index, key] of ['a', 'b', 'c'].entries()) map.set(key, index);
  expect([...map]).toEqual([
    ['a', 0],
    ['b', 1],
    ['c', 2],
  ]);
  map.set('a', 9);
  map.set('d', 3);
  expect([...map]).toEqual([
    ['c', 2],
    ['a', 9],
    ['d', 3],
  ]);
  expect([map.size, map.get('a'), map.get('b')]).toEqual([3, 9, undefined]);
  map.delete('a');
  expect([map.size, map.get('a')]).toEqual([2, undefined]);
});
