import type { Demand } from './demand.ts';
import type { Estimates } from './estimates.ts';
import { createFloors, type Floors } from './floors.ts';
import { createLimitedMap } from './limited-map.ts';
import type { ModelFacts, NodeFacts } from './node-facts.ts';
import { nextVersion, seatOf, type Outlook, type Seat, type Seats } from './outlook.ts';
import { outlookOf } from './outlook-of.ts';
import type { PlanParameters } from './parameters.ts';

/** All nodes by name, with what is worked out from each kept until its facts change. */
export interface Fleet {
  readonly nodes: readonly NodeFacts[];
  indexOf(name: string): number | undefined;
  outlook(index: number): Outlook;
  /** The indexes of all. */
  readonly everyone: readonly number[];
  /** Indexes of the nodes that have the model in memory, in order. */
  holders(model: string): readonly number[];
  /** The call's model as the node has it: by its name, or else another name of the same digest. */
  modelOn(index: number, demand: Demand): ModelFacts | undefined;
  seats(demand: Demand): Seats;
  floors(demand: Demand): Floors;
}

/** Anybody can ask for names that no node has. */
const mostNamesakes = 1_000;

interface Index extends Fleet {
  update(given: readonly NodeFacts[], now: number): boolean;
}

const indexes = new WeakMap<Estimates, Index>();

/** The fleet of these nodes, made from the last one of the same estimates: only what changed is worked out anew. */
export function fleetOf(
  given: readonly NodeFacts[],
  now: number,
  estimates: Estimates,
  parameters: PlanParameters,
): Fleet {
  const known = indexes.get(estimates);
  if (known?.update(given, now)) return known;
  const index = createIndex(given, now, estimates, parameters);
  indexes.set(estimates, index);
  return index;
}

function createIndex(
  first: readonly NodeFacts[],
  createdAt: number,
  estimates: Estimates,
  parameters: PlanParameters,
): Index {
  const nodes = first.toSorted((a, b) => (a.name < b.name ? -1 : 1));
  const everyone = [...nodes.keys()];
  const places = new Map(nodes.map((node, index) => [node.name, index]));
  const outlooks: (Outlook | undefined)[] = nodes.map(() => undefined);
  const versions = Float64Array.from(nodes, nextVersion);
  const holders = new Map<string, number[]>();
  const floors = new Map<string, Floors>();
  const seats = new Map<string, Seats>();
  let namesakes = createLimitedMap<ReadonlyMap<number, ModelFacts>>(mostNamesakes);
  let given = [...first];
  let now = createdAt;

  const replace = (index: number, node: NodeFacts): void => {
    const before = nodes[index]!;
    nodes[index] = node;
    if (!sameRunners(before, node)) {
      for (const { model } of before.runners) holders.set(model, without(holders.get(model)!, index));
      hold(index, node);
    }
    outlooks[index] = undefined;
    versions[index] = nextVersion();
    if (sameModels(before, node)) return;
    namesakes = createLimitedMap(mostNamesakes);
    seats.clear();
    floors.clear();
  };

  const hold = (index: number, { runners }: NodeFacts): void => {
    for (const { model } of runners) holders.set(model, withNumber(holders.get(model) ?? nobody, index));
  };

  const outlook = (index: number): Outlook => {
    const known = outlooks[index];
    if (known && now < known.validUntil) return known;
    const made = outlookOf(nodes[index]!, now, estimates, parameters);
    outlooks[index] = made;
    versions[index] = nextVersion();
    return made;
  };

  const namesakesFor = (demand: Demand): ReadonlyMap<number, ModelFacts> => {
    const key = keyOf(demand);
    const known = namesakes.get(key);
    if (known) return known;
    const found = namesakesOf(nodes, demand);
    namesakes.set(key, found);
    return found;
  };

  const modelOn = (index: number, demand: Demand): ModelFacts | undefined => {
    const named = nodes[index]!.models.get(demand.model);
    if (named && (demand.digest === undefined || named.digest === demand.digest)) return named;
    return namesakesFor(demand).get(index) ?? named;
  };

  const seatsFor = (demand: Demand): Seats => {
    const key = keyOf(demand);
    const known = seats.get(key);
    if (known) return known;
    const made: (Seat | undefined)[] = [];
    let kept = false;
    const glance = (index: number): Seat | undefined => {
      const model = modelOn(index, demand);
      if (!model) return undefined;
      // Only what some node has is kept: anybody can ask for other names.
      if (!kept) seats.set(key, found);
      kept = true;
      return seatOf(outlook(index), model);
    };
    const found: Seats = {
      versions,
      glance,
      at(index) {
        const seat = made[index];
        if (seat && seat.outlook === outlooks[index] && now < seat.outlook.validUntil) return seat;
        return (made[index] = glance(index));
      },
    };
    return found;
  };

  nodes.forEach((node, index) => hold(index, node));

  return {
    nodes,
    everyone,
    indexOf: (name) => places.get(name),
    outlook,
    holders: (model) => holders.get(model) ?? nobody,
    modelOn,
    seats: seatsFor,
    floors(demand) {
      const key = keyOf(demand);
      const known = floors.get(key);
      if (known) return known;
      const made = createFloors(everyone, seatsFor(demand), parameters);
      if (seats.has(key)) floors.set(key, made);
      return made;
    },
    update(next, time) {
      if (next.length !== given.length || time < now) return false;
      now = time;
      for (let at = 0; at < next.length; at += 1) {
        const node = next[at]!;
        if (node === given[at]) continue;
        const index = places.get(node.name);
        if (index === undefined) return false;
        if (nodes[index] !== node) replace(index, node);
        given[at] = node;
      }
      return true;
    },
  };
}

const nobody: readonly number[] = [];

function without(numbers: readonly number[], number: number): number[] {
  return numbers.filter((other) => other !== number);
}

/** In order, and each once. */
function withNumber(numbers: readonly number[], number: number): number[] {
  const place = numbers.findLastIndex((other) => other <= number);
  return numbers[place] === number ? [...numbers] : numbers.toSpliced(place + 1, 0, number);
}

function keyOf({ digest, model }: Demand): string {
  return digest === undefined ? model : `${model} ${digest}`;
}

/** Nodes that have what the call asks for under another name. */
function namesakesOf(nodes: readonly NodeFacts[], demand: Demand): ReadonlyMap<number, ModelFacts> {
  const digests = demand.digest === undefined ? digestsOf(nodes, demand.model) : new Set([demand.digest]);
  const found = new Map<number, ModelFacts>();
  if (digests.size === 0) return found;
  nodes.forEach(({ models }, index) => {
    const named = models.get(demand.model);
    if (named && digests.has(named.digest)) return;
    const other = models.values().find(({ digest }) => digests.has(digest));
    if (other && (!named || demand.digest !== undefined)) found.set(index, other);
  });
  return found;
}

function digestsOf(nodes: readonly NodeFacts[], model: string): Set<string> {
  const digests = new Set<string>();
  for (const { models } of nodes) digests.add(models.get(model)?.digest ?? '');
  digests.delete('');
  return digests;
}

function sameRunners({ runners }: NodeFacts, { runners: others }: NodeFacts): boolean {
  return runners.length === others.length && runners.every(({ model }, at) => others[at]!.model === model);
}

function sameModels({ models }: NodeFacts, { models: others }: NodeFacts): boolean {
  if (models === others) return true;
  if (models.size !== others.size) return false;
  for (const [name, { digest }] of models) if (others.get(name)?.digest !== digest) return false;
  return true;
}
