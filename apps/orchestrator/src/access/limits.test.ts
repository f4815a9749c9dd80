import { expect, it } from 'vitest';
import { ClusterError, localPrincipal, type KeyRecord } from '@tutti/core';
import { seededRandom, virtualClock } from '@tutti/testing';
import { createLimits, limited } from './limits.ts';
import { slidingWindow } from './sliding-window.ts';

const principal = { ...localPrincipal, id: 'k' };

function setUp(rules: Pick<KeyRecord, 'requestsPerMinute' | 'concurrency'>) {
  const clock = virtualClock();
  const limits = createLimits({ clock, find: (id) => (id === 'k' ? rules : undefined) });
  const enter = (who = principal) => {
    try {
      return limits.enter(who);
    } catch (error) {
      return error as ClusterError;
    }
  };
  return { clock, limits, enter };
}

it('lets as many through in a minute as the key says, and tells when the next may come', async () => {
  const { clock, enter } = setUp({ requestsPerMinute: 2 });
  enter();
  await clock.advance(20_000);
  enter();
  expect(enter()).toMatchObject({ reason: 'rate_limited', retryAfterMs: 40_000 });
  await clock.advance(40_000);
  expect(enter()).toBeTypeOf('function');
  expect(enter()).toMatchObject({ reason: 'rate_limited', retryAfterMs: 20_000 });
});

it('lets as many run at a time as the key says', () => {
  const { enter } = setUp({ concurrency: 1 });
  const leave = enter();
  expect(enter()).toMatchObject({ reason: 'rate_limited', retryAfterMs: 1_000 });
  (leave as () => void)();
  expect(enter()).toBeTypeOf('function');
});

it('does not count what it refuses', async () => {
  const { clock, enter } = setUp({ requestsPerMinute: 2, concurrency: 1 });
  const leave = enter();
  enter();
  (leave as () => void)();
  expect(enter()).toBeTypeOf('function');
  await clock.advance(0);
});

it('has no limits for whoever has no key, or whose key has none', () => {
  const { enter } = setUp({});
  for (let i = 0; i < 1_000; i++) expect(enter()).toBeTypeOf('function');
  for (let i = 0; i < 1_000; i++) expect(enter(localPrincipal)).toBeTypeOf('function');
});

it('tells how far a key is from its limit', async () => {
  const { clock, limits, enter } = setUp({ requestsPerMinute: 2 });
  expect(limits.headers(principal)).toEqual({
    'x-ratelimit-limit-requests': '2',
    'x-ratelimit-remaining-requests': '2',
    'x-ratelimit-reset-requests': '0.000s',
  });
  enter();
  await clock.advance(20_000);
  enter();
  await clock.advance(500);
  expect(limits.headers(principal)).toMatchObject({
    'x-ratelimit-remaining-requests': '0',
    'x-ratelimit-reset-requests': '59.500s',
  });
  expect(limits.headers(localPrincipal)).toEqual({});
});

it('gives the place back if the next entrance refuses', () => {
  const { limits } = setUp({ concurrency: 1 });
  const full = new ClusterError('overloaded', 'full');
  const closed = limited(limits, () => {
    throw full;
  });
  expect(() => closed(() => {}, principal)).toThrow(full);
  let left = 0;
  const open = limited(limits, () => () => void (left += 1));
  open(() => {}, principal)();
  expect(left).toBe(1);
  expect(open(() => {}, principal)).toBeTypeOf('function');
});

it('never lets more through in any minute, whenever they come', () => {
  for (let seed = 1; seed <= 50; seed++) {
    const random = seededRandom(seed);
    const most = 1 + Math.floor(random() * 5);
    const window = slidingWindow(most, 60_000);
    const passed: number[] = [];
    for (let now = 0; now < 600_000; now += random() * 20_000) {
      const inLastMinute = passed.filter((time) => time > now - 60_000).length;
      const waitMs = window.take(now);
      expect(waitMs === 0, `seed ${seed} at ${now}`).toBe(inLastMinute < most);
      if (waitMs === 0) passed.push(now);
      const left = most - passed.filter((time) => time > now - 60_000).length;
      expect(window.left(now), `seed ${seed} at ${now}`).toBe(left);
      expect(window.fullIn(now)).toBeCloseTo((passed.at(-1) ?? -Infinity) + 60_000 - now);
    }
  }
});
