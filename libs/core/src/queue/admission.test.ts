import { seededRandom } from '@tutti/testing';
import { describe, expect, it } from 'vitest';
import { Priority } from '../generate.ts';
import { createAdmission } from './admission.ts';
import { createFairQueue } from './fair-queue.ts';
import { runService, type Visit } from './service.fixture.ts';
import { again, demandWith, waitingCall, type NamedCall } from './waiting.fixture.ts';

const { BATCH, DEFAULT, INTERACTIVE } = Priority;

/** A queue and its door; each call in it starts after the one before, `everyMs` apart, as the last plan has it. */
function doorWith(calls: readonly NamedCall[], { everyMs = 1_000, queueSize = 1_000, random = (): number => 0 } = {}) {
  const queue = createFairQueue<NamedCall>();
  const admission = createAdmission<NamedCall>({ queue, queueSize: () => queueSize, random, standstillMs: 0 });
  for (const call of calls) {
    queue.add(call);
    admission.joined(call, 0);
  }
  const plan = (now: number): void =>
    admission.planned(new Map([...queue.ordered(now)].map((call, i) => [call, now + (i + 1) * everyMs])), now);
  plan(0);
  const start = (now: number): void => {
    const [first] = queue.ordered(now);
    queue.started(first!);
    admission.left(first!, true, now);
    plan(now);
  };
  return { queue, admission, start };
}

const backlog = (count: number, facts: Parameters<typeof waitingCall>[0] = {}): NamedCall[] =>
  Array.from({ length: count }, () => waitingCall(facts));

describe('the door', () => {
  it('lets in what waits no longer than is allowed, and refuses the next, with the numbers', () => {
    const { admission } = doorWith(backlog(119));
    expect(admission.check(waitingCall(), 0)).toEqual({ admitted: true, shed: undefined });
    const { admission: longer } = doorWith(backlog(150));
    expect(longer.check(waitingCall(), 0)).toMatchObject({
      admitted: false,
      error: {
        reason: 'overloaded',
        retryAfterMs: 31_000,
        message:
          'Too many calls wait for "m:latest": 150 of 150 go first and about 60 start a minute, so this one would ' +
          'wait 151 s; 120 s are allowed. Try again in 31 s.',
      },
    });
    expect(longer.refused).toBe(1);
  });

  it('refuses nobody on a guess: before a call was seen to start, or nobody to start for 30 s', () => {
    const queue = createFairQueue<NamedCall>();
    const admission = createAdmission<NamedCall>({ queue, queueSize: () => 1_000, random: () => 0 });
    const [first, second] = backlog(2);
    admission.joined(first!, 0);
    admission.joined(second!, 0);
    admission.planned(new Map([[first!, 400_000]]), 0);
    queue.add(first!);
    admission.planned(new Map([[first!, 400_000]]), 0);
    expect(admission.check(waitingCall(), 1_000)).toMatchObject({ admitted: true });
    expect(admission.check(waitingCall(), 60_000)).toMatchObject({ admitted: false });
  });

  it('lets in a tenant that asks for little, beside one that asks for too much', () => {
    const { admission } = doorWith(backlog(150, { tenant: 'flood' }));
    expect(admission.check(waitingCall({ tenant: 'light' }), 0)).toMatchObject({ admitted: true });
    expect(admission.expectedWaitMs(demandWith({ tenant: 'light' }), 0)).toBe(2_000);
    expect(admission.longestExpectedWaitMs(0)).toBe(2_000);
  });

  it('looks at the line of the model only', () => {
    const { admission } = doorWith(backlog(150, { model: 'crowded' }));
    expect(admission.check(waitingCall({ model: 'idle' }), 0)).toEqual({ admitted: true, shed: undefined });
    expect(admission.expectedWaitMs(demandWith({ model: 'idle' }), 0)).toBe(0);
  });

  it('never refuses a call that was inside', () => {
    const { admission, queue } = doorWith(backlog(150), { queueSize: 150 });
    const [first] = queue.ordered(0);
    queue.started(first!);
    queue.add(waitingCall());
    expect(admission.check(again(first!), 0)).toEqual({ admitted: true, shed: undefined });
  });

  it('says when it is full, and when a place is likely to be free', () => {
    const { admission } = doorWith(backlog(10), { queueSize: 10, everyMs: 5_000 });
    const verdict = admission.check(waitingCall(), 0);
    expect(verdict).toMatchObject({ admitted: false, error: { reason: 'overloaded', retryAfterMs: 5_000 } });
    expect(verdict).toMatchObject({
      error: {
        message: 'The queue is full: 10 calls wait. About 12 start a minute. Try again in 5 s.',
      },
    });
    const { admission: slow } = doorWith(backlog(2), { queueSize: 2, everyMs: 24_000 });
    expect(slow.check(waitingCall(), 0)).toMatchObject({
      error: { message: 'The queue is full: 2 calls wait. About 2.5 start a minute. Try again in 24 s.' },
    });
  });

  it('tells between 1 and 60 s, and not all the same', () => {
    const retries = (everyMs: number): number[] => {
      const { admission } = doorWith(backlog(500), { everyMs, random: seededRandom(1) });
      return Array.from({ length: 50 }, () => {
        const verdict = admission.check(waitingCall(), 0);
        return verdict.admitted ? NaN : verdict.error.retryAfterMs!;
      });
    };
    const soon = retries(240);
    expect(new Set(soon).size).toBeGreaterThan(40);
    expect(Math.min(...soon)).toBeGreaterThanOrEqual(1_000);
    expect(Math.max(...retries(10_000))).toBe(60_000);
  });
});

it('one key that fills the queue does not shut the door on another: its newest call gives way', () => {
  const { admission } = doorWith(backlog(10, { tenant: 'flood' }), { queueSize: 10 });
  const verdict = admission.check(waitingCall({ tenant: 'light' }), 0);
  expect(verdict).toMatchObject({
    admitted: true,
    shed: { entry: { demand: { tenant: 'flood' } }, error: { reason: 'overloaded' } },
  });
  expect(admission.check(waitingCall({ tenant: 'flood' }), 0)).toMatchObject({ admitted: false });
});

it('nobody gives way to a key that has as many waiting', () => {
  const calls = [...backlog(5, { tenant: 'a' }), ...backlog(5, { tenant: 'b' })];
  const { admission } = doorWith(calls, { queueSize: 10 });
  expect(admission.check(waitingCall({ tenant: 'a' }), 0)).toMatchObject({ admitted: false });
});

it('a call of a run is let in whatever waits, and gives way to nobody', () => {
  const full = doorWith(backlog(10, { tenant: 'flood', run: 'r1', priority: BATCH }), { queueSize: 10 });
  expect(full.admission.check(waitingCall({ run: 'r2' }), 0)).toEqual({ admitted: true, shed: undefined });
  expect(full.admission.check(waitingCall({ tenant: 'light' }), 0)).toMatchObject({ admitted: false });
  const { admission } = doorWith(backlog(150));
  expect(admission.check(waitingCall({ run: 'r2' }), 0)).toEqual({ admitted: true, shed: undefined });
});

describe('a waiting batch call gives way', () => {
  it('to another class when the queue is full: the youngest', () => {
    const calls = [...backlog(8), waitingCall({ name: 'old', priority: BATCH })];
    calls.push(waitingCall({ name: 'young', priority: BATCH, model: 'other' }));
    const { admission } = doorWith(calls, { queueSize: 10 });
    expect(admission.check(waitingCall({ priority: INTERACTIVE }), 0)).toMatchObject({
      admitted: true,
      shed: { entry: { name: 'young' }, error: { reason: 'overloaded' } },
    });
    expect(admission.check(waitingCall({ priority: BATCH }), 0)).toMatchObject({ admitted: false });
  });

  it('when the line is too long because of batch calls for the same model', () => {
    const calls = [...backlog(100), ...backlog(100, { name: 'batch', priority: BATCH })];
    calls.push(waitingCall({ priority: BATCH, model: 'other' }));
    const { admission } = doorWith(calls);
    expect(admission.check(waitingCall(), 0)).toMatchObject({ admitted: true, shed: { entry: { name: 'batch' } } });
  });

  it('not if the line is too long without them as well', () => {
    const { admission } = doorWith([...backlog(130), ...backlog(5, { priority: BATCH })]);
    expect(admission.check(waitingCall(), 0)).toMatchObject({ admitted: false });
  });
});

it('knows the pace from what happens, whatever the plan hoped', () => {
  const { admission, start } = doorWith(backlog(100), { everyMs: 100 });
  expect(admission.expectedWaitMs(demandWith(), 0)).toBeCloseTo(10_100);
  for (let i = 1; i <= 30; i++) start(i * 2_000);
  const ms = admission.expectedWaitMs(demandWith(), 60_000);
  expect(ms).toBeGreaterThan(70 * 1_600);
  expect(ms).toBeLessThan(71 * 2_100);
  admission.forget(60_000);
  expect(admission.expectedWaitMs(demandWith(), 60_000)).toBe(0);
});

it('takes from a plan what it says of those that still wait', () => {
  const calls = backlog(20);
  const { admission, queue } = doorWith(calls);
  const plan = new Map(calls.map((call, i) => [call, i < 10 ? 0 : (i - 9) * 2_000]));
  for (const call of calls.slice(0, 10)) {
    queue.started(call);
    admission.left(call, true, 0);
  }
  admission.planned(plan, 0);
  expect(admission.expectedWaitMs(demandWith(), 0)).toBe(22_000);
});

it('counts those that start, not those that give up', () => {
  const { admission, queue } = doorWith(backlog(60));
  for (let now = 1_000; now <= 30_000; now += 1_000) {
    const [first] = queue.ordered(now);
    queue.remove(first!);
    admission.left(first!, false, now);
  }
  expect(admission.expectedWaitMs(demandWith(), 30_000)).toBeGreaterThan(31 * 5_000);
});

it('reckons with those that will be so old that they go first', () => {
  const { admission } = doorWith(backlog(100, { tenant: 'flood' }));
  const wait = (now: number): number => admission.expectedWaitMs(demandWith({ tenant: 'light' }), now);
  expect(wait(0)).toBe(2_000);
  expect(wait(89_000)).toBeGreaterThan(90_000);
});

it('takes a line that stands still for slow', () => {
  const { admission, start } = doorWith(backlog(50));
  for (let i = 1; i <= 20; i++) start(i * 1_000);
  const before = admission.expectedWaitMs(demandWith(), 20_000);
  expect(admission.expectedWaitMs(demandWith(), 140_000)).toBeGreaterThan(2 * before);
});

it('keeps its word: who comes again when told is let in, if nobody else came', () => {
  for (let count = 125; count < 180; count += 6) {
    const { admission, start } = doorWith(backlog(count));
    const verdict = admission.check(waitingCall(), 0);
    const { retryAfterMs } = (verdict as { error: { retryAfterMs: number } }).error;
    for (let now = 1_000; now <= retryAfterMs; now += 1_000) start(now);
    expect(admission.check(waitingCall(), retryAfterMs), `${count} waiting`).toMatchObject({ admitted: true });
  }
});

describe('with machines and clients that come and take their time at random', () => {
  const machines = [
    { model: 'a', slots: 3, meanMs: 4_000 },
    { model: 'b', slots: 1, meanMs: 10_000 },
  ];
  const clients = (load: number) => [
    { tenant: 'flood', priority: DEFAULT, model: 'a', everyMs: 1_333 / load, fromMs: 60_000, untilMs: 240_000 },
    { tenant: 'light', priority: DEFAULT, model: 'a', everyMs: 8_000 },
    { tenant: 'people', priority: INTERACTIVE, model: 'b', everyMs: 20_000 / load },
    { tenant: 'machines', priority: BATCH, model: 'b', everyMs: 20_000 / load },
  ];
  const visitsOf = (load: number, longestWaitMs: number): Visit[] =>
    Array.from({ length: 10 }, (_, i) => i + 1).flatMap((seed) => {
      const world = { seed, machines, clients: clients(load), endMs: 600_000, longestWaitMs };
      return runService(world).visits;
    });
  const quantile = (values: readonly number[], part: number): number =>
    values.toSorted((a, b) => a - b)[Math.floor(part * values.length)]!;

  it.each([1.1, 1.5, 3])('the wait that it expects is the wait that comes, load %d', (load) => {
    const ratios = visitsOf(load, Infinity)
      .filter(({ expectedMs }) => expectedMs > 5_000)
      .map(({ expectedMs, waitedMs }) => waitedMs! / expectedMs);
    expect(ratios.length).toBeGreaterThan(500);
    expect(quantile(ratios, 0.5)).toBeGreaterThan(0.85);
    expect(quantile(ratios, 0.5)).toBeLessThan(1.15);
    expect(quantile(ratios, 0.1)).toBeGreaterThan(0.4);
    expect(quantile(ratios, 0.9)).toBeLessThan(2.2);
  });

  it('nobody is refused while there is room, and hardly anybody waits longer than is allowed', () => {
    expect(visitsOf(0.5, 120_000).filter(({ waitedMs }) => waitedMs === undefined)).toEqual([]);
    const crowded = visitsOf(3, 120_000);
    const refused = crowded.filter(({ retryAfterMs }) => retryAfterMs !== undefined);
    expect(refused.length).toBeGreaterThan(500);
    const waits = crowded.flatMap(({ waitedMs }) => waitedMs ?? []);
    // The pace is known, not how long each call takes: twelve at 10 s are 120 s give or take 35.
    expect(quantile(waits, 0.9)).toBeLessThan(155_000);
    expect(Math.max(...waits)).toBeLessThan(300_000);
    expect(refused.filter(({ priority }) => priority === INTERACTIVE).length).toBeLessThan(
      refused.filter(({ priority }) => priority === BATCH).length,
    );
  });
});
