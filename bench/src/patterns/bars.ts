import type { EarlyStop } from './early-stop.ts';
import { crowd, type EngineCost } from './engine-cost.ts';
import type { WallTime } from './wall-time.ts';

/** A figure and what it may be at most. */
export interface Bar {
  readonly name: string;
  readonly value: number;
  readonly limit: number;
  readonly unit: string;
}

export function holds({ value, limit }: Bar): boolean {
  return value <= limit;
}

export function barsOf(stops: readonly EarlyStop[], times: readonly WallTime[], cost: EngineCost): readonly Bar[] {
  const exact = stops.filter(({ stop }) => stop === 'exact');
  const off = exact.map(({ heard, expected }) => Math.abs(heard / expected! - 1));
  const most = (values: readonly number[]): number => 100 * Math.max(...values);
  return [
    { name: 'answers heard, off the formula', value: most(off), limit: 2, unit: '%' },
    {
      name: 'answers that the exact stop changes',
      value: most(exact.map(({ changed }) => changed.value)),
      limit: 0,
      unit: '%',
    },
    {
      name: 'wall time over the critical path',
      value: most(times.map(({ factor }) => factor - 1)),
      limit: 10,
      unit: '%',
    },
    { name: 'CPU of the engine for a step', value: cost.cpuPerStepUs, limit: 100, unit: 'µs' },
    {
      name: `memory of ${crowd.runs} runs of ${crowd.steps} steps`,
      value: cost.crowdBytes / 1e6,
      limit: 300,
      unit: 'MB',
    },
  ];
}
