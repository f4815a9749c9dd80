import { createMachine, createTimeline, fleet } from '@tutti/simulation';
import { describe, expect, it } from 'vitest';
import { contendersNamed } from '../contenders.ts';
import { fleetCall } from '../world.fixture.ts';
import type { Outcome } from '../run.ts';
import { conditioned, type Condition } from './condition.ts';
import { faultKinds, faultsOf, type Fault } from './fault.ts';
import { playFaults } from './play.ts';
import { faultsText } from './report.ts';
import { totals } from './totals.ts';
import { isSpared, troubles } from './trouble.ts';

const setting = { fleet: 'n8', load: 0.6, seeds: [3], durationMs: 600_000 } as const;

describe('faults of the fastest node, one after the other', () => {
  it('fail no call of Tutti, and keep none there for nothing', async () => {
    const found = await playFaults(setting, contendersNamed(['tutti', 'least-connections']));
    const [own, others] = [found.slice(0, 4), found.slice(4)];
    expect(own.map(({ fault }) => fault.kind)).toEqual(faultKinds);
    expect(own.filter((trouble) => !isSpared(trouble))).toEqual([]);
    expect(others.reduce((sum, { failed }) => sum + failed, 0)).toBeGreaterThan(10);
    expect(faultsText(setting, found)).toMatch(/hang +60\.0 +tutti .* 15\.0 +0\.0 +0 +ok/);
  }, 20_000);

  it('cut no answer whose client lets it go on elsewhere', async () => {
    const short = { ...setting, seeds: [1], durationMs: 240_000 };
    const [cut, resumed] = await playFaults(short, contendersNamed(['tutti', 'tutti-resuming']), ['kill']);
    expect(cut!.cut).toBeGreaterThan(0);
    expect(resumed).toMatchObject({ failed: 0, cut: 0 });
  }, 20_000);

  it('are on one node, and leave time between them', () => {
    const machines = fleet('n8', 1);
    const faults = faultsOf(machines, 600_000);
    expect(new Set(faults.map(({ node }) => node)).size).toBe(1);
    expect(faults.map(({ fromMs, untilMs }) => [fromMs, untilMs])).toEqual([
      [120_000, 180_000],
      [240_000, 300_000],
      [360_000, 420_000],
      [480_000, 540_000],
    ]);
  });
});

describe('what a fault did', () => {
  const fault: Fault = { kind: 'hang', node: 'a', fromMs: 100_000, untilMs: 200_000 };
  const outcome = (atMs: number, changes: Partial<Outcome>): Outcome => ({
    ...{ call: fleetCall({ atMs }), end: 'ended', firstTokenAtMs: atMs + 1_000, cachedTokens: 0, truncated: false },
    ...{ otherModel: false, ...changes },
  });
  const conditionWith = (visits: Condition['visits'], noticedAtMs: readonly number[] = []): Condition => ({
    ...{ reach: 'up', isFull: false, change() {}, onChange() {}, notice() {}, noticedAtMs, visits },
  });

  it('tells calls that failed from those that were cut or refused, and counts what it did only', () => {
    const early = { call: fleetCall({ atMs: 0 }), cachedTokens: 0, truncated: false, otherModel: false };
    const outcomes: Outcome[] = [
      { ...early, end: 'failed', endedAtMs: 50_000 },
      { ...early, end: 'failed', endedAtMs: 110_000 },
      outcome(105_000, { end: 'failed', endedAtMs: 120_000 }),
      { ...early, call: fleetCall({ atMs: 150_000 }), end: 'refused', endedAtMs: 150_000 },
      { ...early, call: fleetCall({ atMs: 160_000 }), end: 'unfinished' },
      outcome(170_000, { endedAtMs: 190_000 }),
    ];
    const [trouble] = troubles('any', [fault], { outcomes, condition: conditionWith([]) });
    expect(trouble).toMatchObject({ calls: 4, failed: 2, cut: 1, refused: 1, noticedAfterMs: undefined });
    expect(trouble!.firstTokenMeanMs).toBe((1_000 + 120_000 + 120_000 + 1_000) / 4);
    expect(isSpared(trouble!)).toBe(false);
  });

  it('counts what calls lost there after it was noticed', () => {
    const visits = [
      { startedAtMs: 90_000, endedAtMs: 115_500, end: 'left' as const },
      { startedAtMs: 119_000, endedAtMs: 119_200, end: 'failed' as const },
      { startedAtMs: 210_000, endedAtMs: 300_000, end: 'failed' as const },
    ];
    const [trouble] = troubles('any', [fault], { outcomes: [], condition: conditionWith(visits, [50_000, 115_000]) });
    expect(trouble).toMatchObject({ noticedAfterMs: 15_000, longestLossMs: 500, sentLater: 1 });
    expect(isSpared(trouble!)).toBe(true);
    const [unnoticed] = troubles('any', [fault], { outcomes: [], condition: conditionWith(visits) });
    expect(unnoticed).toMatchObject({ noticedAfterMs: undefined, longestLossMs: 15_500 });
  });
});

it('adds seeds up, and keeps the worst of their times', () => {
  const fault: Fault = { kind: 'kill', node: 'a', fromMs: 0, untilMs: 1_000 };
  const counts = { calls: 10, failed: 0, cut: 1, refused: 2, sentLater: 3, longestLossMs: 0, firstTokenMeanMs: 100 };
  const one = { policy: 'tutti', fault, noticedAfterMs: undefined, ...counts };
  const other = { ...one, calls: 30, noticedAfterMs: 500, longestLossMs: 1_500, firstTokenMeanMs: 200 };
  expect(totals([one, other, { ...one, policy: 'other' }])).toEqual([
    {
      ...{ policy: 'tutti', fault, calls: 40, failed: 0, cut: 2, refused: 4, sentLater: 6 },
      ...{ noticedAfterMs: 500, longestLossMs: 1_500, firstTokenMeanMs: 175 },
    },
    { ...one, policy: 'other' },
  ]);
});

it('lets a machine turn calls away, and writes down who came', async () => {
  const timeline = createTimeline();
  const node = fleet('n8', 1).nodes[0]!;
  const { machine, condition } = conditioned(createMachine(node.profile, node.models, timeline), timeline);
  const failures: string[] = [];
  const send = () =>
    machine.submit(
      { model: 'llama3.1:8b', promptTokens: 10, outputTokens: 10, prefix: [] },
      { ended() {}, failed: (error) => void failures.push(error) },
    );
  send();
  await timeline.run(60_000);
  condition.change({ isFull: true });
  send();
  condition.change({ reach: 'down', isFull: false });
  send();
  condition.change({ reach: 'up' });
  const leaving = send();
  leaving.cancel();
  expect(failures).toEqual(['busy', 'crashed']);
  expect(condition.visits.map(({ end }) => end)).toEqual(['answered', 'failed', 'failed', 'left']);
  expect(machine.runners).toHaveLength(1);
});
