import { lightTenant } from '@tutti/simulation';
import { percentile } from '../statistics.ts';
import type { Outcome, Run } from './run.ts';

/** Durations in milliseconds, as the clients met them. */
export interface Figures {
  readonly calls: number;
  readonly firstToken: Spread;
  readonly total: Spread;
  /** 95 % of the light tenant's calls had their first token by then. */
  readonly lightFirstTokenP95Ms: number;
  /** From arrival until the backend began; refused calls are not in it. */
  readonly longestWaitMs: number;
  readonly loads: number;
  readonly reloads: number;
  readonly evictions: number;
  readonly refused: number;
  readonly failed: number;
  readonly unfinished: number;
  readonly truncated: number;
  readonly otherModel: number;
  /** Part of all prompt tokens that were found in a cache. */
  readonly hitShare: number;
}

export interface Spread {
  readonly meanMs: number;
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly p99Ms: number;
}

/** A call that is turned away counts as the wait that this is to spare it: a refusal is no way to look fast. */
const refusedMs = 120_000;

export function figuresOf({ outcomes, closedAtMs, loads, reloads, evictions }: Run): Figures {
  const firstTokenMs = (outcome: Outcome): number => waitedMs(outcome, outcome.firstTokenAtMs, closedAtMs);
  const ended = outcomes.filter(({ end }) => end === 'ended');
  const light = outcomes.filter(({ call }) => call.tenant === lightTenant);
  const count = (end: Outcome['end']): number => outcomes.filter((outcome) => outcome.end === end).length;
  return {
    calls: outcomes.length,
    firstToken: spreadOf(outcomes.map(firstTokenMs)),
    total: spreadOf(outcomes.map((outcome) => waitedMs(outcome, outcome.endedAtMs, closedAtMs))),
    lightFirstTokenP95Ms: percentile(light.map(firstTokenMs), 0.95),
    longestWaitMs: Math.max(0, ...outcomes.map((outcome) => queuedMs(outcome, closedAtMs))),
    ...{ loads, reloads, evictions },
    refused: count('refused'),
    failed: count('failed'),
    unfinished: count('unfinished'),
    truncated: ended.filter(({ truncated }) => truncated).length,
    otherModel: ended.filter(({ otherModel }) => otherModel).length,
    hitShare: sum(ended.map(({ cachedTokens }) => cachedTokens)) / sum(ended.map(({ call }) => call.promptTokens)),
  };
}

function spreadOf(values: readonly number[]): Spread {
  return {
    meanMs: mean(values),
    p50Ms: percentile(values, 0.5),
    p95Ms: percentile(values, 0.95),
    p99Ms: percentile(values, 0.99),
  };
}

export function mean(values: readonly number[]): number {
  return sum(values) / values.length;
}

/** Who never got it waited until nobody looked any longer. */
function waitedMs({ call, end }: Outcome, atMs: number | undefined, closedAtMs: number): number {
  if (end === 'refused') return refusedMs;
  return (end === 'ended' ? atMs! : closedAtMs) - call.atMs;
}

function queuedMs({ call, end, startedAtMs, endedAtMs }: Outcome, closedAtMs: number): number {
  if (end === 'refused') return 0;
  return (startedAtMs ?? endedAtMs ?? closedAtMs) - call.atMs;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
