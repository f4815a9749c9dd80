import { expect, it } from 'vitest';
import { figuresOf } from './metrics.ts';
import type { Outcome } from './run.ts';
import { fleetCall } from './world.fixture.ts';

const closedAtMs = 1_000_000;

const answered = (atMs: number, startedAtMs: number, firstTokenAtMs: number, endedAtMs: number): Outcome => ({
  ...{ call: fleetCall({ atMs }), end: 'ended', startedAtMs, firstTokenAtMs, endedAtMs },
  ...{ cachedTokens: 0, truncated: false, otherModel: false },
});

const figures = (outcomes: readonly Outcome[]) =>
  figuresOf({ outcomes, closedAtMs, loads: 3, reloads: 2, evictions: 1 });

it('measures from the arrival', () => {
  const { calls, firstToken, total, longestWaitMs } = figures([
    answered(100, 150, 200, 500),
    answered(0, 400, 600, 800),
  ]);
  expect(calls).toBe(2);
  expect(firstToken).toEqual({ meanMs: 350, p50Ms: 100, p95Ms: 600, p99Ms: 600 });
  expect(total.meanMs).toBe(600);
  expect(longestWaitMs).toBe(400);
});

it('lets nobody who had no answer look fast', () => {
  const waiting: Outcome = {
    ...{ call: fleetCall({ atMs: 400_000 }), end: 'unfinished', cachedTokens: 0, truncated: false, otherModel: false },
  };
  const { unfinished, firstToken, longestWaitMs } = figures([waiting]);
  expect([unfinished, firstToken.meanMs, longestWaitMs]).toEqual([1, 600_000, 600_000]);
  const failed = figures([{ ...waiting, end: 'failed', endedAtMs: 400_001 }]);
  expect([failed.failed, failed.total.meanMs]).toEqual([1, 600_000]);
  const refused = figures([{ ...waiting, end: 'refused', endedAtMs: 400_001 }]);
  expect([refused.refused, refused.total.meanMs, refused.longestWaitMs]).toEqual([1, 120_000, 0]);
});

it('counts what was cut, who answered, what was cached, and looks at the light tenant', () => {
  const outcomes: Outcome[] = [
    { ...answered(0, 0, 100, 200), truncated: true, cachedTokens: 250 },
    { ...answered(0, 0, 300, 400), call: fleetCall({ tenant: 'light' }), otherModel: true },
  ];
  expect(figures(outcomes)).toMatchObject({
    ...{ truncated: 1, otherModel: 1, hitShare: 0.25, lightFirstTokenP95Ms: 300, loads: 3, reloads: 2, evictions: 1 },
  });
});
