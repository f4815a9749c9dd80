import type { Match } from './match.ts';
import type { Figures } from './metrics.ts';

/** A figure of Tutti's that must not be above its limit. */
export interface FleetBar {
  readonly fleet: string;
  readonly load: number;
  readonly name: string;
  readonly value: number;
  readonly limit: number;
  /** The same for the seeds that were never looked at; undefined: none of them was played. */
  readonly heldOut: number | undefined;
}

/** Of the oracle's mean total time, by load; at other loads there is no bar. */
const timeToOracle = new Map([
  [0.3, 1],
  [0.6, 0.8],
]);
const comparedLoad = 0.6;

/** What Tutti promises of fleets. Ratios are geometric means over the seeds, counts are the worst of them. */
export function fleetBars(match: Match, heldOutSeeds: readonly number[]): FleetBar[] {
  const { fleet, load, seeds } = match.setting;
  const of = (name: string): readonly Figures[] | undefined => match.figures.get(name);
  const [tutti, oracle, leastConnections] = [of('tutti'), of('oracle'), of('least-connections')];
  if (!tutti) return [];
  const heldOut = [...seeds.keys()].filter((index) => heldOutSeeds.includes(seeds[index]!));

  const bar = (name: string, limit: number, value: (indexes: readonly number[]) => number): FleetBar => ({
    ...{ fleet: String(fleet), load, name, limit },
    value: value([...seeds.keys()]),
    heldOut: heldOut.length > 0 ? value(heldOut) : undefined,
  });
  const ratio = (name: string, limit: number, others: readonly Figures[] | undefined, read: Read): FleetBar[] =>
    others
      ? [
          bar(name, limit, (indexes) =>
            geometricMean(indexes.map((index) => read(tutti[index]!) / read(others[index]!))),
          ),
        ]
      : [];
  const worst = (name: string, limit: number, read: Read): FleetBar =>
    bar(name, limit, (indexes) => Math.max(...indexes.map((index) => read(tutti[index]!))));

  const timeLimit = timeToOracle.get(load);
  return [
    ...(timeLimit === undefined
      ? []
      : ratio("mean total, to the oracle's", timeLimit, oracle, ({ total }) => total.meanMs)),
    ...(load === comparedLoad
      ? ratio("mean first token, to least connections'", 0.15, leastConnections, ({ firstToken }) => firstToken.meanMs)
      : []),
    ...ratio("loads, to the oracle's", 1.1, oracle, ({ loads }) => loads),
    ...ratio("light tenant's p95, to the oracle's", 1, oracle, ({ lightFirstTokenP95Ms }) => lightFirstTokenP95Ms),
    worst('reloads', 1, ({ reloads }) => reloads),
    worst('longest wait, s', 120, ({ longestWaitMs }) => longestWaitMs / 1_000),
    worst('failed', 0, ({ failed, unfinished }) => failed + unfinished),
    worst('truncated', 0, ({ truncated }) => truncated),
    worst('answered by another model', 0, ({ otherModel }) => otherModel),
  ];
}

/** A figure that could not be had holds nothing. */
export function holds({ value, limit }: FleetBar): boolean {
  return value <= limit;
}

type Read = (figures: Figures) => number;

function geometricMean(values: readonly number[]): number {
  return Math.exp(values.reduce((sum, value) => sum + Math.log(value), 0) / values.length);
}
