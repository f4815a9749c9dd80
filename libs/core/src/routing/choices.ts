import { optionOn, type Ask, type Weighing } from './cost.ts';
import type { Draft } from './draft.ts';
import { isOpen, type Terms } from './eligible.ts';
import type { Fleet } from './fleet.ts';
import type { Lowest } from './floors.ts';
import { createLeastFirst } from './least-first.ts';
import type { Option } from './option.ts';
import type { Policy } from './policy.ts';

/** The ways of running a call at this point of a pass. */
export interface Choices {
  /** Those that the policy asks for. */
  readonly options: readonly Option[];
  /** The cheapest first: twenty, or eight where not all were weighed of a large fleet. Good until somebody else chooses, or takes something. */
  cheapest(): readonly Option[];
}

/** Options that are told of, and nodes that are asked why not: enough for people, and for a temperature. */
const mostTold = 20;

/** The same on a fleet of so many nodes that nobody looks at all of them. */
const largeFleet = 100;
const toldOfMany = 8;

/** Costs that differ by less are taken for the same, in milliseconds: rounding takes less, and nobody feels it. */
const sameMs = 1e-6;

export function mostToldOf({ nodes }: Pick<Fleet, 'nodes'>): number {
  return nodes.length > largeFleet ? toldOfMany : mostTold;
}

/** `shown`: as the policy has it. */
export function createChoices(
  fleet: Fleet,
  draft: Draft,
  ask: Ask,
  terms: Terms,
  weighing: Weighing,
  shown: Policy['shown'],
): Choices {
  const most = mostToldOf(fleet);
  const seats = draft.seats(ask.demand);

  const weigh = (index: number): Option | undefined => {
    const seat = seats.at(index);
    if (!seat || !isOpen(seat.outlook.facts, seat.model, ask.demand, terms)) return undefined;
    return optionOn(seat, ask, weighing);
  };

  if (shown === undefined || fleet.nodes.length <= most) {
    const options = optionsOn(fleet.everyone, weigh);
    return { options, cheapest: () => firstOf(options) };
  }
  const search = createSearch(draft.floors(ask, weighing.now), most, weigh);
  const cheapest = (): readonly Option[] => search(Number.POSITIVE_INFINITY);
  return { options: shown === 'best' ? search(sameMs) : cheapest(), cheapest };
}

function optionsOn(indexes: readonly number[], weigh: (index: number) => Option | undefined): Option[] {
  const options: Option[] = [];
  for (const index of indexes) {
    const option = weigh(index);
    if (option) options.push(option);
  }
  return options;
}

/** The cheapest first; of equals, the one whose node's name comes first: they are given so. */
function firstOf(options: readonly Option[]): readonly Option[] {
  const first = createLeastFirst<Option>(mostTold);
  for (const option of options) first.add(option, option.totalMs);
  return first.items;
}

/** Finds the cheapest options, at most so many, and none that costs so much more than the first. */
type Search = (marginMs: number) => readonly Option[];

/** The search begins with so many nodes, the lowest floors first. */
const nearest = 8;

/** Nodes whose floors rule them out are not weighed, and none is weighed twice. */
function createSearch(floors: Lowest, most: number, weigh: (index: number) => Option | undefined): Search {
  const { values } = floors;
  let lowest = lowestOf(floors);
  const next = (): number => (lowest.length < nearest ? Number.POSITIVE_INFINITY : values[lowest[nearest - 1]!]!);
  if (floors.include(next())) lowest = lowestOf(floors);
  const nextFloor = next();
  const weighed = new Map<number, Option | undefined>();

  const optionAt = (index: number): Option | undefined => {
    const known = weighed.get(index);
    if (known || weighed.has(index)) return known;
    const option = weigh(index);
    weighed.set(index, option);
    return option;
  };

  return (marginMs) => {
    const first = createLeastFirst<Option>(most, marginMs);
    let { limit } = first;
    const add = (index: number): void => {
      const option = optionAt(index);
      if (!option) return;
      first.add(option, option.totalMs);
      limit = first.limit;
    };
    for (const index of lowest) if (values[index]! < limit) add(index);
    if (nextFloor >= limit) return first.items;
    floors.include(limit);
    for (const index of floors.indexes) if (values[index]! < limit && !lowest.includes(index)) add(index);
    return first.items;
  };
}

/** Indexes of the lowest, the lowest first. */
function lowestOf({ values, indexes }: Lowest): readonly number[] {
  const lowest = createLeastFirst<number>(nearest);
  let { limit } = lowest;
  for (const index of indexes) {
    if (!(values[index]! < limit)) continue;
    lowest.add(index, values[index]!);
    ({ limit } = lowest);
  }
  return lowest.items;
}
