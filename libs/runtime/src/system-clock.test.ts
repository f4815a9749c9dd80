import { expect, it, onTestFinished, vi } from 'vitest';
import { systemClock } from './system-clock.ts';

it('a delay beyond what Node can count does not fire at once', async () => {
  let fired = false;
  const stop = systemClock.after(2 ** 32, () => (fired = true));
  await new Promise<void>((resolve) => systemClock.after(5, resolve));
  stop();
  expect(fired).toBe(false);
});

it('a delay that is taken back does not fire', async () => {
  let fired = false;
  systemClock.after(1, () => (fired = true))();
  await new Promise<void>((resolve) => systemClock.after(5, resolve));
  expect(fired).toBe(false);
});

it('a delay of many weeks fires when it is over, and not before', () => {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  let fired = false;
  const sixtyDaysMs = 60 * 24 * 60 * 60_000;
  systemClock.after(sixtyDaysMs, () => (fired = true));
  vi.advanceTimersByTime(sixtyDaysMs - 1);
  expect(fired).toBe(false);
  vi.advanceTimersByTime(1);
  expect(fired).toBe(true);
});
