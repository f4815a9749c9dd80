import type { Replay } from '../simulate/replay.ts';
import { measured } from './format.ts';
import { table } from './table.ts';

/** What is told of a replay. */
export interface ReplaySummary {
  readonly policy: string;
  readonly answered: number;
  readonly failed: number;
  /** Undefined: no call was answered. */
  readonly meanMs: number | undefined;
  readonly p95Ms: number | undefined;
  readonly meanFirstOutputMs: number | undefined;
  readonly p95FirstOutputMs: number | undefined;
  readonly loads: number;
  readonly evictions: number;
}

export function summaryOf({ policy, firstOutputMs, totalMs, failed, loads, evictions }: Replay): ReplaySummary {
  return {
    ...{ policy, answered: totalMs.length, failed, loads, evictions },
    ...{ meanMs: mean(totalMs), p95Ms: p95(totalMs) },
    ...{ meanFirstOutputMs: mean(firstOutputMs), p95FirstOutputMs: p95(firstOutputMs) },
  };
}

const headers = ['POLICY', 'ANSWERED', 'FAILED', 'MEAN', 'P95', 'FIRST OUTPUT', 'P95', 'LOADS', 'EVICTIONS'];

/** Policies side by side. */
export function replayTable(replays: readonly ReplaySummary[]): string {
  return table(headers, replays.map(row));
}

function row(replay: ReplaySummary): string[] {
  const { policy, answered, failed, meanMs, p95Ms, meanFirstOutputMs, p95FirstOutputMs, loads, evictions } = replay;
  const times = [meanMs, p95Ms, meanFirstOutputMs, p95FirstOutputMs].map((ms) =>
    ms === undefined ? '-' : measured(ms),
  );
  return [policy, String(answered), String(failed), ...times, String(loads), String(evictions)];
}

function mean(values: readonly number[]): number | undefined {
  return values.length === 0 ? undefined : values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** The smallest value that at least 95 of 100 do not exceed. */
function p95(values: readonly number[]): number | undefined {
  return values.toSorted((a, b) => a - b)[Math.ceil(values.length * 0.95) - 1];
}
