import { seededRandom, virtualClock } from '@tutti/testing';
import { expect, it } from 'vitest';
import { createRetryBudget, type RetryBudget } from './retry-budget.ts';

const withdrawn = (budget: RetryBudget): number => {
  let count = 0;
  while (budget.withdraw()) count += 1;
  return count;
};

it('has three retries at first, and one more for five calls', () => {
  const budget = createRetryBudget({ clock: virtualClock() });
  expect(withdrawn(budget)).toBe(3);
  for (let i = 0; i < 4; i++) budget.deposit();
  expect(budget.withdraw()).toBe(false);
  budget.deposit();
  expect(withdrawn(budget)).toBe(1);
});

it('keeps what about ten seconds of calls are worth, and three however quiet it is', async () => {
  const clock = virtualClock();
  const budget = createRetryBudget({ clock });
  for (let i = 0; i < 1_000; i++) {
    budget.deposit();
    await clock.advance(100);
  }
  expect(withdrawn(budget)).toBeGreaterThan(15);
  for (let i = 0; i < 1_000; i++) budget.deposit();
  await clock.advance(60_000);
  expect(withdrawn(budget)).toBe(3);
});

it('gives back its floor with time while few calls come, and not while many do', async () => {
  const clock = virtualClock();
  const budget = createRetryBudget({ clock });
  expect(withdrawn(budget)).toBe(3);
  await clock.advance(10_000);
  expect(withdrawn(budget)).toBe(3);
  for (let call = 0; call < 1_000; call++) budget.deposit();
  withdrawn(budget);
  await clock.advance(1_000);
  expect(withdrawn(budget)).toBe(0);
});

it.each([1, 2, 3, 4])(
  'I8: never gives more than three, a fifth of the calls, and three in ten seconds, seed %i',
  async (seed) => {
    const clock = virtualClock();
    const random = seededRandom(seed);
    const budget = createRetryBudget({ clock });
    let [calls, retries] = [0, 0];
    for (let step = 0; step < 5_000; step++) {
      const kind = random();
      if (kind < 0.4) {
        budget.deposit();
        calls += 1;
      } else if (kind < 0.95) retries += budget.withdraw() ? 1 : 0;
      else await clock.advance(random() * 5_000);
      const inTime = (3 * clock.now()) / 10_000;
      expect(retries, `step ${step}`).toBeLessThanOrEqual(3 + 0.2 * calls + inTime + 1e-6);
    }
    expect(retries).toBeGreaterThan(0.15 * calls);
  },
);
