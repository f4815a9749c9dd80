import { Priority } from '../generate.ts';
import type { Demand } from '../routing/demand.ts';
import type { Waiting } from './fair-queue.ts';
import { classWeight, flowKey } from './flow.ts';
import { createServiceRate } from './service-rate.ts';

/** What a call would find that came now. */
export interface Prospect {
  /** Calls that start before it. */
  readonly ahead: number;
  /** Calls a millisecond that start. */
  readonly perMs: number;
  readonly waitMs: number;
  /** Whether that was measured, or is a guess. */
  readonly isMeasured: boolean;
}

/** The calls that wait for one model. */
export interface Line<T> {
  readonly waiting: number;
  joined(entry: T, now: number): void;
  left(entry: T, started: boolean, now: number): void;
  /** What a plan says: when calls start, in serving order. */
  planned(startsAt: readonly number[], now: number): void;
  /** Undefined: nobody waits, or nothing is known. `withoutBatch`: if no batch call waited. */
  prospect(whose: Pick<Demand, 'tenant' | 'priority'>, now: number, withoutBatch?: boolean): Prospect | undefined;
  /** Calls a millisecond that start; 0: unknown. */
  perMs(now: number): number;
  /** Measures its pace anew. */
  forget(now: number): void;
}

interface FlowCount {
  readonly priority: Priority;
  count: number;
}

/** `maxAgeMs`: as the queue has it; `standstillMs`: as `createAdmission` has it. */
export function createLine<T extends Waiting>(maxAgeMs: number, standstillMs: number): Line<T> {
  const rate = createServiceRate(standstillMs);
  const joinedAt = new Map<T, number>();
  const flows = new Map<string, FlowCount>();
  /** When each came, in order. */
  const arrivals: number[] = [];

  /** Calls of others that have their turn before the next one of the flow, and those of the flow itself. */
  const aheadByShare = (whose: Pick<Demand, 'tenant' | 'priority'>, withoutBatch: boolean): number => {
    const key = flowKey(whose);
    const own = flows.get(key)?.count ?? 0;
    const turns = (own + 1) / classWeight(whose.priority);
    let ahead = own;
    for (const [other, { priority, count }] of flows) {
      if (other !== key && !(withoutBatch && priority === Priority.BATCH)) {
        ahead += Math.min(count, turns * classWeight(priority));
      }
    }
    return ahead;
  };

  /** Those that will be so old before it starts that they go first, too. */
  const withAged = (ahead: number, perMs: number, now: number): number => {
    const aged = indexAfter(arrivals, now + (ahead + 1) / perMs - maxAgeMs);
    return aged > ahead + 1 ? withAged(aged, perMs, now) : ahead;
  };

  return {
    get waiting() {
      return joinedAt.size;
    },
    joined(entry, now) {
      const key = flowKey(entry.demand);
      const flow = flows.get(key);
      if (flow) flow.count += 1;
      else flows.set(key, { priority: entry.demand.priority, count: 1 });
      joinedAt.set(entry, now);
      arrivals.splice(indexAfter(arrivals, cameAt(entry)), 0, cameAt(entry));
      rate.waits(true, now);
    },
    left(entry, started, now) {
      const since = joinedAt.get(entry);
      if (since === undefined) return;
      joinedAt.delete(entry);
      arrivals.splice(indexAfter(arrivals, cameAt(entry)) - 1, 1);
      const key = flowKey(entry.demand);
      const flow = flows.get(key)!;
      flow.count -= 1;
      if (flow.count === 0) flows.delete(key);
      if (started) rate.started(now - since, now);
      rate.waits(joinedAt.size > 0, now);
    },
    planned(startsAt, now) {
      const last = startsAt.at(-1);
      // A plan looks so far ahead; those behind get the last time that it worked out.
      const seen = startsAt.findIndex((at) => at === last) + 1;
      if (last !== undefined && last > now) rate.expect(seen / (last - now));
    },
    prospect(whose, now, withoutBatch = false) {
      const perMs = joinedAt.size > 0 ? rate.perMs(now) : undefined;
      if (perMs === undefined) return undefined;
      const share = aheadByShare(whose, withoutBatch);
      const ahead = withoutBatch ? share : withAged(share, perMs, now);
      return { ahead, perMs, waitMs: (ahead + 1) / perMs, isMeasured: rate.isMeasured(now) };
    },
    perMs: (now) => rate.perMs(now) ?? 0,
    forget: (now) => rate.forget(now),
  };
}

function cameAt({ since, context }: Waiting): number {
  return context.ticket.place.since ?? since;
}

/** How many of the sorted `times` are not after `time`. */
function indexAfter(times: readonly number[], time: number): number {
  let [from, to] = [0, times.length];
  while (from < to) {
    const middle = (from + to) >> 1;
    if (times[middle]! <= time) from = middle + 1;
    else to = middle;
  }
  return from;
}
