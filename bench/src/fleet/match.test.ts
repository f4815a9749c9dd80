import { expect, it } from 'vitest';
import { fleetBars, holds } from './bars.ts';
import { contendersNamed } from './contenders.ts';
import { play, type Match } from './match.ts';
import { mean } from './metrics.ts';
import { heldOutSeeds, settings } from './settings.ts';
import { barsText, matchText, reportJson } from './report.ts';

const setting = { fleet: 'n8', load: 0.6, seeds: [1], durationMs: 1_800_000 } as const;

it('ranks what is known to differ: the oracle, a balancer that sees something, one that is blind', async () => {
  const match = await play(setting, contendersNamed(['round-robin', 'warm-first', 'oracle']));
  const total = (name: string): number => mean(match.figures.get(name)!.map((figures) => figures.total.meanMs));
  expect(total('oracle')).toBeGreaterThan(2 * mean(match.lowerBoundsMs));
  expect(total('oracle') * 2).toBeLessThan(total('warm-first'));
  expect(total('warm-first') * 1.5).toBeLessThan(total('round-robin'));
  expect(match.figures.get('oracle')!.every(({ failed, unfinished }) => failed + unfinished === 0)).toBe(true);
}, 10_000);

it('plays the same game twice', async () => {
  const short = { ...setting, seeds: [1], durationMs: 120_000 };
  const contenders = contendersNamed(['random', 'oracle', 'tutti']);
  expect(await play(short, contenders)).toEqual(await play(short, contenders));
});

it('answers every call through Tutti: whole, and by the model that was asked', async () => {
  const { figures } = await play(
    { ...setting, load: 0.3, seeds: [1], durationMs: 300_000 },
    contendersNamed(['tutti']),
  );
  expect(figures.get('tutti')![0]).toMatchObject({ failed: 0, unfinished: 0, truncated: 0, otherModel: 0 });
}, 10_000);

it('answers every call of a large fleet that nobody has measured yet', async () => {
  const setting = { fleet: 100, load: 0.3, seeds: [1, 2], durationMs: 6_000 };
  const { figures } = await play(setting, contendersNamed(['tutti']));
  expect(figures.get('tutti')!.map(({ failed, unfinished }) => failed + unfinished)).toEqual([0, 0]);
}, 10_000);

it('says what is played, by default and by wish', () => {
  expect(settings({})).toHaveLength(9);
  expect(settings({}).every(({ seeds }) => seeds.length === 5)).toBe(true);
  expect(settings({ quick: true })).toMatchObject([{ fleet: 'n8', load: 0.6, seeds: [1] }]);
  expect(settings({ fleet: '100', load: '0.3,0.6', seed: '4', minutes: '2' })).toEqual([
    { fleet: 100, load: 0.3, seeds: [4], durationMs: 120_000 },
    { fleet: 100, load: 0.6, seeds: [4], durationMs: 120_000 },
  ]);
  expect(settings({ fleet: 'n1000', load: '0.6' })).toEqual([
    { fleet: 1_000, load: 0.6, seeds: [1], durationMs: 6_000 },
  ]);
  expect(() => settings({ fleet: 'north' })).toThrow('--fleet has "north"');
  expect(() => settings({ load: 'much' })).toThrow('--load has "much"');
  expect(() => contendersNamed(['best'])).toThrow('There is no policy "best". Known: round-robin');
});

/** A match in which Tutti and the oracle took so long. */
function matchWith(tuttiMs: readonly number[], oracleMs: readonly number[]): Match {
  const spread = (meanMs: number) => ({ meanMs, p50Ms: meanMs, p95Ms: meanMs, p99Ms: meanMs });
  const figuresWith = (meanMs: number) => ({
    ...{ calls: 10, firstToken: spread(meanMs), total: spread(meanMs), lightFirstTokenP95Ms: meanMs },
    ...{ longestWaitMs: 1_000, loads: 10, reloads: 0, evictions: 0, refused: 0, failed: 0, unfinished: 0 },
    ...{ truncated: 0, otherModel: 0, hitShare: 0.1 },
  });
  return {
    setting: { fleet: 'n8', load: 0.6, seeds: [1, 801], durationMs: 60_000 },
    figures: new Map([
      ['tutti', tuttiMs.map(figuresWith)],
      ['oracle', oracleMs.map(figuresWith)],
    ]),
    lowerBoundsMs: [1, 1],
  };
}

it('breaks a bar when Tutti is slower than it may be, and shows the seeds that were held out', () => {
  const time = (match: Match) =>
    fleetBars(match, heldOutSeeds('n8')).find(({ name }) => name.startsWith('mean total'))!;
  const good = time(matchWith([500, 700], [1_000, 1_000]));
  expect(good.value).toBeCloseTo(Math.sqrt(0.35));
  expect([good.heldOut, holds(good)]).toEqual([0.7, true]);
  expect(holds(time(matchWith([900, 900], [1_000, 1_000])))).toBe(false);
});

it('shows a match to people and to machines', () => {
  const match = matchWith([500, 700], [1_000, 1_000]);
  const bars = fleetBars(match, []);
  expect(matchText(match)).toMatch(/tutti +0\.6 .* 0\.60 /);
  expect(barsText(bars)).toContain('ok');
  const { matches, bars: first } = JSON.parse(reportJson([match], bars.slice(0, 1)));
  expect(matches).toMatchObject([{ fleet: 'n8', seeds: [1, 801] }]);
  expect(first).toMatchObject([{ name: "mean total, to the oracle's", ok: true }]);
});
