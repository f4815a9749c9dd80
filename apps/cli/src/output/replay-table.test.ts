import { expect, it } from 'vitest';
import { replayTable, summaryOf } from './replay-table.ts';

it('puts policies side by side', () => {
  const totalMs = Array.from({ length: 100 }, (_, index) => (index + 1) * 100);
  const some = summaryOf({ policy: 'cost', totalMs, firstOutputMs: [40, 60], failed: 1, loads: 7, evictions: 5 });
  const none = summaryOf({ policy: 'tier', totalMs: [], firstOutputMs: [], failed: 3, loads: 0, evictions: 0 });
  expect(some).toMatchObject({
    answered: 100,
    meanMs: 5_050,
    p95Ms: 9_500,
    meanFirstOutputMs: 50,
    p95FirstOutputMs: 60,
  });
  expect(replayTable([some, none])).toBe(
    `POLICY    ANSWERED    FAILED    MEAN     P95      FIRST OUTPUT    P95      LOADS    EVICTIONS
cost      100         1         5.0 s    9.5 s    50 ms           60 ms    7        5
tier      0           3         -        -        -               -        0        0`,
  );
});
