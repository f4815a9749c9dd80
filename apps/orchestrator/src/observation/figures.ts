import { durationMs, type RequestRecord } from './request-record.ts';

/** Requests that ended in the last `windowMs`, newest first. */
export interface Window {
  /** Shorter than what was asked for if the book does not reach back so far. */
  readonly windowMs: number;
  readonly ended: readonly RequestRecord[];
}

/** Figures of requests that ended. What nothing was measured of is 0. */
export interface Figures {
  /** Milliseconds that the figures are over. */
  readonly windowMs: number;
  readonly requests: number;
  /** Those that failed; a client that left is no failure. */
  readonly errors: number;
  /** Errors by requests, 0 to 1. */
  readonly errorRate: number;
  readonly requestsPerMinute: number;
  readonly promptTokens: number;
  readonly outputTokens: number;
  /** Output tokens a second over the window. */
  readonly tokensPerSecond: number;
  readonly avgResponseMs: number;
  readonly p95ResponseMs: number;
  readonly avgFirstTokenMs: number;
  readonly avgQueueMs: number;
}

/** Figures of one model or one node. */
export interface Share {
  readonly name: string;
  readonly requests: number;
  readonly errors: number;
  readonly avgResponseMs: number;
  readonly p95ResponseMs: number;
  /** Output tokens a second while they were written. */
  readonly tokensPerSecond: number;
}

/** How long requests take to the end of a stage, from their arrival, in milliseconds. */
export interface Stage {
  readonly stage: 'queue' | 'first_token' | 'response';
  readonly count: number;
  readonly avgMs: number;
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

export function figuresOf({ ended, windowMs }: Window): Figures {
  const requests = ended.length;
  const errors = failures(ended);
  const times = responseTimes(ended);
  const outputTokens = sum(valuesOf(ended, (record) => record.outputTokens));
  return {
    windowMs,
    requests,
    errors,
    errorRate: ratio(errors, requests),
    requestsPerMinute: ratio(requests * 60_000, windowMs),
    promptTokens: sum(valuesOf(ended, (record) => record.promptTokens)),
    outputTokens,
    tokensPerSecond: ratio(outputTokens * 1_000, windowMs),
    avgResponseMs: mean(times),
    p95ResponseMs: percentile(times.toSorted(), 0.95),
    avgFirstTokenMs: mean(valuesOf(ended, (record) => record.firstTokenMs)),
    avgQueueMs: mean(valuesOf(ended, (record) => record.queueMs)),
  };
}

/** Anyone can ask for models that do not exist, so only the most used ones are shown. */
const mostModels = 200;

/** By model, most requests first. */
export function sharesByModel(ended: readonly RequestRecord[]): Share[] {
  const shares = sharesBy(ended, (record) => record.model);
  return shares.toSorted((a, b) => b.requests - a.requests || a.name.localeCompare(b.name, 'en')).slice(0, mostModels);
}

/** By the node that ran them last, by name; requests that never reached one are left out. */
export function sharesByNode(ended: readonly RequestRecord[]): Share[] {
  const placed = ended.filter((record) => record.node !== '');
  return sharesBy(placed, (record) => record.node).toSorted((a, b) => a.name.localeCompare(b.name, 'en'));
}

export function stagesOf(ended: readonly RequestRecord[]): Stage[] {
  return [
    stageOf(
      'queue',
      valuesOf(ended, (record) => record.queueMs),
    ),
    stageOf(
      'first_token',
      valuesOf(ended, (record) => record.firstTokenMs),
    ),
    stageOf('response', responseTimes(ended)),
  ];
}

/** Milliseconds in which the output was written: by the backend's count, else from the first token to the end. */
export function writingMs(record: RequestRecord): number | undefined {
  if (record.outputMs !== undefined && record.outputMs > 0) return record.outputMs;
  return record.firstTokenMs === undefined ? undefined : durationMs(record, record.arrivedAt) - record.firstTokenMs;
}

function sharesBy(ended: readonly RequestRecord[], nameOf: (record: RequestRecord) => string): Share[] {
  return [...Map.groupBy(ended, nameOf)].map(([name, records]) => shareOf(name, records));
}

function shareOf(name: string, ended: readonly RequestRecord[]): Share {
  const times = responseTimes(ended);
  const wrote = ended.filter((record) => record.outputTokens !== undefined && writingMs(record) !== undefined);
  return {
    name,
    requests: ended.length,
    errors: failures(ended),
    avgResponseMs: mean(times),
    p95ResponseMs: percentile(times.toSorted(), 0.95),
    tokensPerSecond: ratio(
      sum(valuesOf(wrote, (record) => record.outputTokens)) * 1_000,
      sum(valuesOf(wrote, writingMs)),
    ),
  };
}

function stageOf(stage: Stage['stage'], values: Float64Array): Stage {
  const sorted = values.toSorted();
  return {
    stage,
    count: sorted.length,
    avgMs: mean(sorted),
    p50Ms: percentile(sorted, 0.5),
    p95Ms: percentile(sorted, 0.95),
    p99Ms: percentile(sorted, 0.99),
    maxMs: sorted.at(-1) ?? 0,
  };
}

function failures(ended: readonly RequestRecord[]): number {
  return ended.filter((record) => record.state === 'error').length;
}

function responseTimes(ended: readonly RequestRecord[]): Float64Array {
  return valuesOf(ended, (record) => durationMs(record, record.arrivedAt));
}

/** Those that are known. */
function valuesOf(
  ended: readonly RequestRecord[],
  valueOf: (record: RequestRecord) => number | undefined,
): Float64Array {
  const values = new Float64Array(ended.length);
  let count = 0;
  for (const record of ended) {
    const value = valueOf(record);
    if (value !== undefined) values[count++] = value;
  }
  return values.subarray(0, count);
}

function sum(values: Float64Array): number {
  let total = 0;
  for (const value of values) total += value;
  return total;
}

function mean(values: Float64Array): number {
  return ratio(sum(values), values.length);
}

function ratio(part: number, whole: number): number {
  return whole > 0 ? part / whole : 0;
}

/** The smallest value that so large a part of all values does not exceed. */
function percentile(sorted: Float64Array, part: number): number {
  return sorted[Math.ceil(part * sorted.length) - 1] ?? 0;
}
