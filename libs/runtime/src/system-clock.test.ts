import { expect, it } from 'vitest';
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
