import { seededRandom } from '@tutti/testing';
import { expect, it } from 'vitest';
import { createHeap } from './binary-heap.ts';

it('has the first at hand, whatever is added, taken and changed', () => {
  for (let seed = 1; seed <= 100; seed += 1) {
    const random = seededRandom(seed);
    const heap = createHeap<{ key: number }>((a, b) => a.key < b.key);
    const all: { key: number }[] = [];
    for (let step = 0; step < 200; step += 1) {
      const first = all.toSorted((a, b) => a.key - b.key)[0];
      expect(heap.first?.key, `seed ${seed}, step ${step}`).toBe(first?.key);
      const kind = random();
      if (kind < 0.5) {
        const item = { key: Math.floor(random() * 50) };
        all.push(item);
        heap.add(item);
      } else if (kind < 0.8) {
        if (heap.first) all.splice(all.indexOf(heap.first), 1);
        heap.removeFirst();
      } else if (heap.first) {
        heap.first.key += Math.floor(random() * 20);
        heap.moveFirst();
      }
    }
  }
});
