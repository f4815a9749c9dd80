import { applied } from './applied.ts';
import { needed } from './context.ts';
import { askFor, mayLoad, optionOn, regretPart, type Ask, type Weighing } from './cost.ts';
import type { Demand } from './demand.ts';
import { isOpen, obstacle, type Obstacle, type Terms } from './eligible.ts';
import type { Estimates } from './estimates.ts';
import { fleetOf } from './fleet.ts';
import { createLeastFirst } from './least-first.ts';
import type { NodeFacts } from './node-facts.ts';
import type { Option } from './option.ts';
import { seatOf, type Outlook, type Seat } from './outlook.ts';
import type { PlanParameters } from './parameters.ts';

/** The moment that a pass looks at. */
export interface Scene {
  readonly now: number;
  readonly nodes: readonly NodeFacts[];
  readonly estimates: Estimates;
  readonly parameters: PlanParameters;
  allows(node: string, model: string): boolean;
  /** What the call's route asks of a node; absent: nothing of any. */
  requires?(demand: Demand): readonly string[];
  /** Why its route keeps a call from a node; absent, or undefined: it does not. */
  bars?(demand: Demand, node: string): string | undefined;
}

/** What a call may do, as others of the same pass leave it. */
export interface Pass {
  /** All its options, by node. */
  options(demand: Demand, excluded: ReadonlySet<string>): readonly Option[];
  /** The cheapest of them, the cheapest first: twenty, or eight on a large fleet. */
  cheapest(demand: Demand, excluded: ReadonlySet<string>): readonly Option[];
  /** Why nodes are not among the call's options; of the first ones. */
  exclusions(demand: Demand, excluded: ReadonlySet<string>, options: readonly Option[]): Obstacle[];
  /** Why no node can run the call: a word on each. Undefined: one can. */
  obstacles(demand: Demand, excluded: ReadonlySet<string>): Obstacle[] | undefined;
  /** The option is taken, or kept for later: those who follow see the node so. */
  take(demand: Demand, option: Option, starts: boolean): void;
  /** Whether the node can be told to load a model for the option, as soon as those that must leave are idle. */
  mayDrain(option: Option): boolean;
  facts(node: string): NodeFacts;
}

/** Options that are weighed closely, and nodes that are asked why not: enough for people, and for a temperature. */
export const mostWeighed = 20;

/** The same on a fleet of so many nodes that nobody looks at all of them. */
const largeFleet = 100;
const weighedOfMany = 8;

const nothing: readonly string[] = [];

/** `waiting`: calls that wait, by model. */
export function createPass(scene: Scene, waiting: ReadonlyMap<string, number>): Pass {
  const { now, estimates, parameters } = scene;
  const fleet = fleetOf(scene.nodes, now, estimates, parameters);
  const mostOptions = fleet.nodes.length > largeFleet ? weighedOfMany : mostWeighed;
  const changed = new Map<number, Outlook>();
  const taken: { readonly demand: Demand; readonly option: Option; readonly starts: boolean }[] = [];
  const regretParts = new Map<string, number>();

  const weighing: Weighing = {
    now,
    estimates,
    parameters,
    waiting: (model) => waiting.get(model) ?? 0,
    regretPart(model) {
      const known = regretParts.get(model);
      if (known !== undefined) return known;
      const copies = Math.max(1, fleet.holders(model).length);
      const rate = estimates.arrivalRate(model, now);
      const part = regretPart(waiting.get(model) ?? 0, copies, rate, parameters.horizonMs);
      regretParts.set(model, part);
      return part;
    },
  };

  const outlook = (index: number): Outlook => changed.get(index) ?? fleet.outlook(index);

  /** What was taken is only worked out once somebody looks again: after the last call, nobody does. */
  const settle = (): void => {
    for (const { demand, option, starts } of taken.splice(0)) {
      const index = fleet.indexOf(option.node)!;
      changed.set(index, applied(outlook(index), option, demand, estimates, now, starts));
    }
  };

  const seats = (demand: Demand): ((index: number) => Seat | undefined) => {
    if (taken.length > 0) settle();
    const seatAt = fleet.seats(demand);
    if (changed.size === 0) return seatAt;
    return (index) => {
      const seat = seatAt(index);
      const after = seat && changed.get(index);
      return after ? seatOf(after, seat.model) : seat;
    };
  };

  const termsOf = (demand: Demand, excluded: ReadonlySet<string>): Terms => ({
    excluded,
    requires: scene.requires?.(demand) ?? nothing,
    ...(scene.bars && { bars: (node: string) => scene.bars!(demand, node) }),
    estimates,
    parameters,
    allows: scene.allows,
  });

  /** Nodes in the order in which to look for the cheapest; those whose floors rule them out are left out. */
  function* byFloor(demand: Demand, ask: Ask, limit: () => number): Generator<number> {
    const floors = fleet.floors(demand).least(ask, needed(demand), now);
    const lowest = createLeastFirst<number>(mostOptions);
    for (let index = 0; index < floors.length; index += 1) {
      if (floors[index]! < lowest.limit) lowest.add(index, floors[index]!);
    }
    yield* lowest.items;
    const seen = new Set(lowest.items);
    for (let index = 0; index < floors.length; index += 1) {
      if (floors[index]! < limit() && !seen.has(index)) yield index;
    }
  }

  const optionsOf = (demand: Demand, excluded: ReadonlySet<string>, ask: Ask) => {
    const terms = termsOf(demand, excluded);
    const seatAt = seats(demand);
    return (index: number): Option | undefined => {
      const seat = seatAt(index);
      return seat && isOpen(seat.outlook.facts, seat.model, demand, terms) ? optionOn(seat, ask, weighing) : undefined;
    };
  };

  const obstacleAt = (index: number, demand: Demand, terms: Terms): Obstacle | undefined =>
    obstacle(fleet.nodes[index]!, demand, terms, fleet.modelOn(index, demand));

  return {
    options(demand, excluded) {
      const optionAt = optionsOf(demand, excluded, askFor(demand, weighing));
      return optionsOn(fleet.everyone, optionAt);
    },
    cheapest(demand, excluded) {
      const ask = askFor(demand, weighing);
      const optionAt = optionsOf(demand, excluded, ask);
      if (fleet.nodes.length <= mostOptions) return optionsOn(fleet.everyone, optionAt).toSorted(byCost);
      const first = createLeastFirst<Option>(mostOptions);
      for (const index of byFloor(demand, ask, () => first.limit)) {
        const option = optionAt(index);
        if (option) first.add(option, option.totalMs);
      }
      return first.items;
    },
    exclusions(demand, excluded, options) {
      const terms = termsOf(demand, excluded);
      const found: Obstacle[] = [];
      for (let index = 0; index < fleet.nodes.length && index < mostOptions; index += 1) {
        if (options.some(({ node }) => node === fleet.nodes[index]!.name)) continue;
        const obstructed = obstacleAt(index, demand, terms);
        if (obstructed) found.push(obstructed);
      }
      return found;
    },
    obstacles(demand, excluded) {
      const terms = termsOf(demand, excluded);
      const found: Obstacle[] = [];
      for (const index of fleet.everyone) {
        const obstructed = obstacleAt(index, demand, terms);
        if (!obstructed) return undefined;
        found.push(obstructed);
      }
      return found;
    },
    take(demand, option, starts) {
      taken.push({ demand, option, starts });
    },
    mayDrain: (option) => option.kind === 'load' && mayLoad(outlook(fleet.indexOf(option.node)!)),
    facts: (node) => fleet.nodes[fleet.indexOf(node)!]!,
  };
}

function optionsOn(indexes: readonly number[], optionAt: (index: number) => Option | undefined): Option[] {
  const options: Option[] = [];
  for (const index of indexes) {
    const option = optionAt(index);
    if (option) options.push(option);
  }
  return options;
}

/** Of equals, the one whose node's name comes first: they are given so. */
function byCost(a: Option, b: Option): number {
  return a.totalMs - b.totalMs;
}
