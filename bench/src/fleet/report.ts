import { table } from '../table.ts';
import { holds, type FleetBar } from './bars.ts';
import type { Match } from './match.ts';
import { mean, type Figures } from './metrics.ts';
import { wholeMs } from './settings.ts';

/** All figures as one object, for machines. */
export function reportJson(matches: readonly Match[], bars: readonly FleetBar[]): string {
  return JSON.stringify({
    matches: matches.map(({ setting, figures, lowerBoundsMs }) => ({
      ...setting,
      lowerBoundsMs,
      figures: Object.fromEntries(figures),
    })),
    bars: bars.map((bar) => ({ ...bar, ok: holds(bar) })),
  });
}

/** One match as text: means over its seeds; times in seconds. */
export function matchText({ setting, figures, lowerBoundsMs }: Match): string {
  const { fleet, load, seeds, durationMs } = setting;
  const oracle = figures.get('oracle');
  const rows = [...figures].map(([name, own]) => row(name, own, oracle));
  const calls = mean([...figures.values()][0]!.map((one) => one.calls));
  return [
    `Fleet ${fleet}, load ${load}, seeds ${seeds.join(' ')}: ${calls.toFixed(0)} calls in ${durationMs / 60_000} minutes.`,
    ...(durationMs < wholeMs
      ? [`Shortened: ${wholeMs / 60_000} minutes are played of small fleets. All begin cold.`]
      : []),
    `Each call alone on its best node would take ${seconds(mean(lowerBoundsMs))} s on average.`,
    '',
    table([head, ...rows]),
    '',
  ].join('\n');
}

export function barsText(bars: readonly FleetBar[]): string {
  const rows = bars.map((bar) => [
    ...[bar.fleet, String(bar.load), bar.name, shown(bar.value), String(bar.limit)],
    ...[bar.heldOut === undefined ? '-' : shown(bar.heldOut), holds(bar) ? 'ok' : 'BROKEN'],
  ]);
  return table([['fleet', 'load', 'bar', 'value', 'limit', 'held out', ''], ...rows]);
}

const head = [
  ...[
    'policy',
    'first token',
    'p50',
    'p95',
    'p99',
    'total',
    'p50',
    'p95',
    'p99',
    'to oracle',
    'light p95',
    'longest wait',
  ],
  ...['loads', 'reloads', 'evictions', 'cached', 'refused', 'failed', 'unfinished', 'truncated', 'other model'],
];

function row(name: string, own: readonly Figures[], oracle: readonly Figures[] | undefined): string[] {
  const average = (read: (figures: Figures) => number): number => mean(own.map(read));
  const time = (read: (figures: Figures) => number): string => seconds(average(read));
  const count = (read: (figures: Figures) => number): string => average(read).toFixed(0);
  const toOracle = oracle && average(({ total }) => total.meanMs) / mean(oracle.map(({ total }) => total.meanMs));
  return [
    name,
    ...spread(({ firstToken }) => firstToken),
    ...spread(({ total }) => total),
    toOracle?.toFixed(2) ?? '-',
    time((figures) => figures.lightFirstTokenP95Ms),
    seconds(Math.max(...own.map(({ longestWaitMs }) => longestWaitMs))),
    count(({ loads }) => loads),
    count(({ reloads }) => reloads),
    count(({ evictions }) => evictions),
    average(({ hitShare }) => hitShare).toFixed(2),
    ...[count(({ refused }) => refused), count(({ failed }) => failed), count(({ unfinished }) => unfinished)],
    ...[count(({ truncated }) => truncated), count(({ otherModel }) => otherModel)],
  ];

  function spread(read: (figures: Figures) => Figures['total']): string[] {
    return (['meanMs', 'p50Ms', 'p95Ms', 'p99Ms'] as const).map((part) => time((figures) => read(figures)[part]));
  }
}

function seconds(ms: number): string {
  return (ms / 1_000).toFixed(1);
}

function shown(value: number): string {
  return Number.isInteger(value) ? String(value) : value.toFixed(2);
}
