import { seededRandom, virtualClock } from '@tutti/testing';
import { expect, it } from 'vitest';
import { createBoundedCache } from './bounded-cache.ts';

/** What is counted for each entry beside its value. */
const overhead = 256;

function setUp(maxBytes: number, ttlMs = 1_000) {
  const clock = virtualClock();
  const limits = { maxBytes, ttlMs };
  return { clock, limits, cache: createBoundedCache<string>({ clock, limits: () => limits }) };
}

it('makes room by what was used longest ago', () => {
  const { cache } = setUp(8 * (overhead + 10));
  for (let i = 0; i < 8; i++) cache.set(`k${i}`, `v${i}`, 10);
  expect(cache.get('k0')).toBe('v0');
  cache.set('k8', 'v8', 10);
  expect(cache.get('k1')).toBeUndefined();
  expect(cache.get('k0')).toBe('v0');
  expect(cache).toMatchObject({ entries: 8, evicted: 1 });
});

it('forgets in time, also what is used', async () => {
  const { cache, clock } = setUp(100_000);
  cache.set('k', 'v', 10);
  await clock.advance(999);
  expect(cache.get('k')).toBe('v');
  await clock.advance(1);
  expect(cache.get('k')).toBeUndefined();
  expect(cache).toMatchObject({ entries: 0, bytes: 0 });
});

it('never takes more than it may, and its count of bytes is right', async () => {
  for (let seed = 1; seed <= 20; seed++) {
    const random = seededRandom(seed);
    const { cache, clock, limits } = setUp(20_000);
    const sizes = new Map<string, number>();
    for (let i = 0; i < 500; i++) {
      const key = `k${Math.floor(random() * 40)}`;
      const bytes = Math.floor(random() * 4_000);
      if (random() < 0.5) {
        cache.set(key, key, bytes);
        sizes.set(key, bytes + overhead);
      } else cache.get(key);
      await clock.advance(random() * 20);
      expect(cache.bytes, `seed ${seed}`).toBeLessThanOrEqual(limits.maxBytes);
    }
    const there = [...sizes].filter(([key]) => cache.get(key) !== undefined);
    for (const [key] of sizes) cache.get(key);
    expect(cache.bytes, `seed ${seed}`).toBe(there.reduce((sum, [, bytes]) => sum + bytes, 0));
    expect(cache.entries, `seed ${seed}`).toBe(there.length);
  }
});
