import { table } from '../../table.ts';
import type { Setting } from '../match.ts';
import { totals } from './totals.ts';
import { isSpared, overWithinMs, type Trouble } from './trouble.ts';

/** A row for each fault and policy, over all seeds. */
export function faultsText({ fleet, load, seeds, durationMs }: Setting, found: readonly Trouble[]): string {
  return [
    `Fleet ${fleet}, load ${load}, seeds ${seeds.join(' ')}, ${durationMs / 60_000} minutes: faults of the fastest node, one after the other.`,
    'failed: before the first token, or never ended. cut: after it, and told so. refused: told when to come again; as at other times.',
    `lost: the longest that a call was there for nothing once the fault was noticed; the bar is ${overWithinMs / 1_000} s.`,
    '',
    table([head, ...totals(found).map(row)]),
    '',
  ].join('\n');
}

const head = [
  ...['fault', 'lasts', 'policy', 'calls', 'first token', 'failed', 'cut', 'refused'],
  ...['noticed', 'lost', 'sent later', ''],
];

function row(trouble: Trouble): string[] {
  const { policy, fault, calls, firstTokenMeanMs, failed, cut, refused } = trouble;
  const { noticedAfterMs, longestLossMs, sentLater } = trouble;
  return [
    ...[fault.kind, seconds(fault.untilMs - fault.fromMs), policy],
    ...[String(calls), seconds(firstTokenMeanMs), String(failed), String(cut), String(refused)],
    ...[noticedAfterMs === undefined ? '-' : seconds(noticedAfterMs), seconds(longestLossMs), String(sentLater)],
    isSpared(trouble) ? 'ok' : 'BROKEN',
  ];
}

function seconds(ms: number): string {
  return (ms / 1_000).toFixed(1);
}
