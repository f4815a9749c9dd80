import { table } from '../../table.ts';
import type { Setting } from '../match.ts';
import type { Figures } from '../metrics.ts';
import { agree, medianRatio, ranking, tolerance, type Comparison } from './compare.ts';

/** Two rows for each policy: on simulated time, and in real time with processes. */
export function worldsText(
  { fleet, load, seeds, durationMs }: Setting,
  speed: number,
  found: readonly Comparison[],
): string {
  const rows = found.flatMap((one) => [
    [one.policy, 'virtual', ...figuresRow(one.virtual), ''],
    [one.policy, 'real', ...figuresRow(one.real), medianRatio(one).toFixed(2)],
  ]);
  const minutes = durationMs / speed / 60_000;
  return [
    `Fleet ${fleet}, load ${load}, seed ${seeds[0]}: ${found[0]?.virtual.calls} calls of ${durationMs / 60_000} minutes, in ${minutes.toFixed(1)}.`,
    `Machines and arrivals are ${speed} times as fast as elsewhere, in both worlds; times in ms.`,
    '',
    table([head, ...rows]),
    '',
    `By mean total time: ${ranking(found, 'virtual').join(', ')} on simulated time; ${ranking(found, 'real').join(', ')} in real time.`,
    `bar: the same order, medians of the total time within ${100 * tolerance} %: ${agree(found) ? 'ok' : 'BROKEN'}`,
  ].join('\n');
}

const head = [
  ...['policy', 'world', 'first token', 'p50', 'p95', 'total', 'p50', 'p95', 'loads', 'reloads'],
  ...['refused', 'failed', 'unfinished', 'median to virtual'],
];

function figuresRow({ firstToken, total, loads, reloads, refused, failed, unfinished }: Figures): string[] {
  const times = [firstToken, total].flatMap(({ meanMs, p50Ms, p95Ms }) => [meanMs, p50Ms, p95Ms]);
  return [...times, loads, reloads, refused, failed, unfinished].map((value) => value.toFixed(0));
}
