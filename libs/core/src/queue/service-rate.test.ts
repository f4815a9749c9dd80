import { expect, it } from 'vitest';
import { createServiceRate, type ServiceRate } from './service-rate.ts';

/** Time in which somebody waited, as it is remembered after so long: what is a minute old counts e times less. */
const remembered = (ms: number): number => 60_000 * (1 - Math.exp(-ms / 60_000));

function waitingFrom(now: number, standstillMs = 30_000): ServiceRate {
  const rate = createServiceRate(standstillMs);
  rate.waits(true, now);
  return rate;
}

it('knows nothing at first', () => {
  const rate = waitingFrom(0);
  expect(rate.perMs(0)).toBeUndefined();
  expect(rate.perMs(20_000)).toBeUndefined();
  expect(rate.isMeasured(20_000)).toBe(false);
});

it('is how many started in the time in which somebody waited', () => {
  const rate = waitingFrom(0);
  rate.started(1_000, 10_000);
  rate.started(1_000, 10_000);
  expect(rate.perMs(10_000)).toBeCloseTo(2 / remembered(10_000), 9);
  expect(rate.isMeasured(10_000)).toBe(true);
  // It falls while nobody starts: 10 s ago there were two, and 20 s have passed.
  expect(rate.perMs(20_000)).toBeCloseTo((2 * Math.exp(-1 / 6)) / remembered(20_000), 9);
});

it('stands still while nobody waits', () => {
  const rate = waitingFrom(0);
  rate.started(1_000, 10_000);
  rate.waits(false, 10_000);
  expect(rate.perMs(90_000)).toBeCloseTo(1 / remembered(10_000), 9);
  rate.waits(true, 90_000);
  expect(rate.perMs(100_000)).toBeCloseTo(Math.exp(-1 / 6) / remembered(20_000), 9);
});

it('counts those who hardly waited for less: 50 ms are a whole one', () => {
  const after = (waitedMs: number) => {
    const rate = waitingFrom(0);
    rate.started(waitedMs, 10_000);
    return (rate.perMs(10_000) ?? 0) * remembered(10_000);
  };
  expect([0, 25, 50, 5_000].map(after)).toEqual([0, 0.5, 1, 1]);
});

it('takes a plan for three starts', () => {
  const rate = waitingFrom(0);
  rate.expect(1 / 500);
  expect(rate.perMs(0)).toBeCloseTo(1 / 500, 9);
  expect(rate.isMeasured(0)).toBe(false);
  rate.started(1_000, 10_000);
  expect(rate.perMs(10_000)).toBeCloseTo(4 / (remembered(10_000) + 1_500), 9);
});

it('takes a line for measured that has stood still for long, or half of a call has started from', () => {
  const rate = waitingFrom(0, 30_000);
  const longEnoughMs = -60_000 * Math.log(0.5);
  expect(rate.isMeasured(longEnoughMs - 1)).toBe(false);
  expect(rate.isMeasured(longEnoughMs + 1)).toBe(true);
  const half = waitingFrom(0);
  half.started(25, 1_000);
  expect(half.isMeasured(1_000)).toBe(false);
  half.started(25, 1_000);
  expect(half.isMeasured(1_000)).toBe(true);
});

it('forgets all of it when told, and begins anew', () => {
  const rate = waitingFrom(0);
  rate.expect(1 / 500);
  rate.started(1_000, 40_000);
  rate.forget(50_000);
  expect(rate.perMs(50_000)).toBeUndefined();
  expect(rate.isMeasured(50_000)).toBe(false);
  rate.started(1_000, 60_000);
  expect(rate.perMs(60_000)).toBeCloseTo(1 / remembered(10_000), 9);
});
