import type { Call, Context, Priority } from '../generate.ts';
import type { Demand } from '../routing/demand.ts';
import { classWeight, flowKey, insert, isOlder, takeOut, type Flow } from './flow.ts';
import { servingOrder } from './order.ts';

/** A call that waits for a node. */
export interface Waiting {
  readonly call: Call;
  readonly context: Context;
  readonly demand: Demand;
  /** When it first came, on the cluster's clock. */
  readonly since: number;
  /** As `workOf` has it. */
  readonly work: number;
}

/** Waiting calls in fair order: what a class of a tenant gets depends on its weight, not on how much it asks for. */
export interface FairQueue<T extends Waiting> {
  readonly size: number;
  has(entry: T): boolean;
  /** Puts a call in its place; one that has been here before stands where it stood. */
  add(entry: T): void;
  /** Takes out a call that will not start, and charges nobody; false if it is not in. */
  remove(entry: T): boolean;
  /** Takes out a call that starts, and charges its flow: once, however often it starts. */
  started(entry: T): void;
  /** The order in which to serve. Read it before the queue changes. */
  ordered(now: number): Iterable<T>;
  /** The youngest call of the flow that has most waiting for its weight, if that is more than the demand's own would have; no run's. */
  newestOfLongest(demand: Pick<Demand, 'priority' | 'tenant'>): T | undefined;
  /** The youngest call of a class, of that model if one is named; no run's. */
  newest(priority: Priority, model?: string): T | undefined;
}

interface Options {
  /** Calls older than this go first, the oldest before all. */
  readonly maxAgeMs?: number;
}

/** Flows that wait for nothing are remembered as long as there are not more. */
const mostIdleFlows = 1_000;

/**
 * Self-clocked fair queueing. A call's finish tag is max(virtual time when it came, tag of the call before it in its
 * flow) + work / weight, and the smallest goes first. Virtual time is where a fair server would have begun the call that
 * has started last. Which call of a flow starts next is the plan's choice, so a flow is charged when one does, not when
 * it comes: a call that overtakes its elders takes the first of the flow's tags.
 */
export function createFairQueue<T extends Waiting>({ maxAgeMs = 90_000 }: Options = {}): FairQueue<T> {
  const flows = new Map<string, Flow<T>>();
  const inside = new Set<T>();
  let virtualTime = 0;

  const flowOf = ({ demand }: T): Flow<T> => {
    const key = flowKey(demand);
    const known = flows.get(key);
    if (known) return known;
    if (flows.size > inside.size + mostIdleFlows) forgetIdle();
    const weight = classWeight(demand.priority);
    const flow: Flow<T> = { weight, served: 0, arrivals: [] };
    flows.set(key, flow);
    return flow;
  };

  /** Each is let off the end of its last call. */
  const forgetIdle = (): void => {
    for (const [key, { arrivals }] of flows) if (arrivals.length === 0) flows.delete(key);
  };

  const remove = (entry: T): boolean => {
    if (!inside.delete(entry)) return false;
    takeOut(flowOf(entry), entry);
    return true;
  };

  return {
    get size() {
      return inside.size;
    },
    has: (entry) => inside.has(entry),
    add(entry) {
      const { place } = entry.context.ticket;
      place.since ??= entry.since;
      inside.add(entry);
      insert(flowOf(entry), { entry, cameAt: place.finishTag ?? virtualTime });
    },
    remove,
    started(entry) {
      const { place } = entry.context.ticket;
      if (place.finishTag === undefined) {
        const flow = flowOf(entry);
        const begin = Math.max(flow.served, flow.arrivals[0]?.cameAt ?? virtualTime);
        virtualTime = Math.max(virtualTime, begin);
        flow.served = begin + entry.work / flow.weight;
        place.finishTag = flow.served;
      }
      remove(entry);
    },
    ordered(now) {
      const busy = [...flows.values()].filter(({ arrivals }) => arrivals.length > 0);
      return { [Symbol.iterator]: () => servingOrder(busy, now - maxAgeMs) };
    },
    newestOfLongest(demand) {
      const own = flows.get(flowKey(demand))?.arrivals.length ?? 0;
      let most = (own + 1) / classWeight(demand.priority);
      let longest: Flow<T> | undefined;
      for (const flow of flows.values()) {
        if (flow.arrivals.length / flow.weight <= most) continue;
        most = flow.arrivals.length / flow.weight;
        longest = flow;
      }
      return longest && youngest(longest);
    },
    newest(priority, model) {
      let newest: T | undefined;
      for (const flow of flows.values()) {
        if (flow.arrivals[0]?.entry.demand.priority !== priority) continue;
        const found = youngest(flow, model);
        if (found && (!newest || isOlder(newest, found))) newest = found;
      }
      return newest;
    },
  };
}

function youngest<T extends Waiting>({ arrivals }: Flow<T>, model?: string): T | undefined {
  const mayGo = ({ context, demand }: T): boolean =>
    context.run === undefined && (model === undefined || demand.model === model);
  return arrivals.findLast(({ entry }) => mayGo(entry))?.entry;
}
