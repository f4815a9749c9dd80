import { inAll, type Result, type Round } from './rounds.ts';
import { median } from './statistics.ts';
import type { Target } from './targets.ts';

/** A figure that must stay below its limit. */
export interface Bar {
  readonly name: string;
  readonly value: number;
  readonly limit: number;
  readonly unit: string;
}

export interface Figures {
  readonly results: readonly Result[];
  /** Bytes, by process. */
  readonly memoryPerStream: Readonly<Record<string, number>>;
  readonly startCpuMs: number;
}

export function barsOf({ results, memoryPerStream, startCpuMs }: Figures): Bar[] {
  const toRelay = (cost: (round: Round) => number): number =>
    ratio(resultOf(results, 'tutti'), resultOf(results, 'relay'), cost);
  return [
    {
      name: 'CPU a request, Tutti to bare relay',
      value: toRelay((round) => inAll(round.requestCost)),
      limit: 1.4,
      unit: 'x',
    },
    {
      name: 'CPU a token, Tutti to bare relay',
      value: toRelay((round) => inAll(round.tokenCost)),
      limit: 1.4,
      unit: 'x',
    },
    ...Object.entries(memoryPerStream).map(([process, bytes]) => ({
      name: `memory of one of 1,000 open streams, ${process}`,
      value: bytes / 1_024,
      limit: 60,
      unit: 'KB',
    })),
    { name: 'CPU of `tutti up` until it is ready', value: startCpuMs / 1_000, limit: 1.2, unit: 's' },
  ];
}

/** A figure that could not be had holds nothing. */
export function holds({ value, limit }: Bar): boolean {
  return value <= limit;
}

export function resultOf(results: readonly Result[], name: Target['name']): Result {
  const found = results.find(({ target }) => target.name === name);
  if (!found) throw new Error(`${name} was not measured`);
  return found;
}

/** Round by round, since both were measured under the same conditions only then. */
function ratio(one: Result, other: Result, cost: (round: Round) => number): number {
  return median(one.rounds.map((round, index) => cost(round) / cost(other.rounds[index]!)));
}
