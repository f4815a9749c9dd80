import { seededRandom } from '@tutti/testing';
import { expect, it } from 'vitest';
import { createLeastFirst } from './least-first.ts';

it('keeps the items of least cost, the least first, and of equals the one that came first', () => {
  for (let seed = 1; seed <= 100; seed += 1) {
    const random = seededRandom(seed);
    const most = 1 + Math.floor(random() * 6);
    const kept = createLeastFirst<number>(most);
    const costs: number[] = [];
    for (let item = 0; item < 20; item += 1) {
      const cost = Math.floor(random() * 8);
      costs.push(cost);
      kept.add(item, cost);
      const sorted = [...costs.keys()].toSorted((a, b) => costs[a]! - costs[b]!).slice(0, most);
      expect(kept.items, `seed ${seed}`).toEqual(sorted);
      expect(kept.limit, `seed ${seed}`).toBe(sorted.length < most ? Infinity : costs[sorted.at(-1)!]);
    }
  }
});

it('keeps nothing whose cost is no number', () => {
  const kept = createLeastFirst<string>(2);
  kept.add('a', NaN);
  kept.add('b', Infinity);
  expect(kept.items).toEqual([]);
});

it('keeps nothing that costs so much more than the first', () => {
  const kept = createLeastFirst<string>(3, 10);
  kept.add('a', 20);
  expect(kept.limit).toBe(30);
  kept.add('b', 29);
  kept.add('c', 30);
  expect(kept.items).toEqual(['a', 'b']);
  kept.add('d', 12);
  expect(kept.items).toEqual(['d', 'a']);
  expect(kept.limit).toBe(22);
});
