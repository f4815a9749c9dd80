import type { ClusterError } from '../error.ts';
import { Priority, type Context } from '../generate.ts';
import type { Random } from '../ports.ts';
import type { Demand } from '../routing/demand.ts';
import type { FairQueue, Waiting } from './fair-queue.ts';
import { createLine, type Line } from './line.ts';
import { createRefusals } from './refusals.ts';

/** Whether a call may wait. `shed`: a waiting batch call that gives way to it, and what it is told. */
export type Verdict<T> =
  | { readonly admitted: true; readonly shed: { readonly entry: T; readonly error: ClusterError } | undefined }
  | { readonly admitted: false; readonly error: ClusterError };

/** Who asks for what. */
type Caller = Pick<Demand, 'model' | 'tenant' | 'priority'>;

/** Refuses at the door what would wait too long. It is told of every call that comes and goes. */
export interface Admission<T extends Waiting> {
  /** Before a call comes into the queue. One that was in it before, or that a run makes, is always let in. */
  check(call: { readonly demand: Demand; readonly context: Context }, now: number): Verdict<T>;
  joined(entry: T, now: number): void;
  /** `started`: on a node. */
  left(entry: T, started: boolean, now: number): void;
  /** What a plan says: when each call starts, in serving order. Those that have started already say nothing of the others. */
  planned(startsAt: ReadonlyMap<T, number>, now: number): void;
  /** Milliseconds that a call would wait if it came now; 0 if nobody waits for the model. */
  expectedWaitMs(demand: Caller, now: number): number;
  /** The same for the first call of a tenant, of class "default" and for the model with the longest wait. */
  longestExpectedWaitMs(now: number): number;
  /** Calls that were refused or gave way. */
  readonly refused: number;
  /** After a pause: what was measured meanwhile says nothing. */
  forget(now: number): void;
}

interface Options<T extends Waiting> {
  readonly queue: Pick<FairQueue<T>, 'newestOfLongest' | 'size' | 'has' | 'newest'>;
  /** Most calls that may wait; asked anew each time. */
  readonly queueSize: () => number;
  /** Longest that a call may be expected to wait; asked anew each time. */
  readonly longestWaitMs?: () => number;
  readonly random: Random;
  /** As the queue has it: calls older than this go first. */
  readonly maxAgeMs?: number;
  /** What a plan says of a line counts for a refusal once a call was seen to start from it, or nobody for so long. */
  readonly standstillMs?: number;
}

/** Models for which nobody waits are remembered as long as there are not more. */
const mostIdleLines = 1_000;

export function createAdmission<T extends Waiting>({
  queue,
  queueSize,
  longestWaitMs = () => 120_000,
  random,
  maxAgeMs = 90_000,
  standstillMs = 30_000,
}: Options<T>): Admission<T> {
  const lines = new Map<string, Line<T>>();
  const refusals = createRefusals(random);

  const lineOf = (model: string): Line<T> => {
    const known = lines.get(model);
    if (known) return known;
    if (lines.size > queue.size + mostIdleLines) forgetIdle();
    const line = createLine<T>(maxAgeMs, standstillMs);
    lines.set(model, line);
    return line;
  };

  const forgetIdle = (): void => {
    for (const [model, { waiting }] of lines) if (waiting === 0) lines.delete(model);
  };

  const waitMs = (demand: Caller, now: number): number => lines.get(demand.model)?.prospect(demand, now)?.waitMs ?? 0;

  /** Nobody is refused on a guess. */
  const waitsTooLong = (demand: Caller, now: number, withoutBatch = false): boolean => {
    const prospect = lines.get(demand.model)?.prospect(demand, now, withoutBatch);
    return prospect !== undefined && prospect.isMeasured && prospect.waitMs > longestWaitMs();
  };

  const startsPerMs = (now: number): number =>
    [...lines.values()].reduce((sum, line) => (line.waiting > 0 ? sum + line.perMs(now) : sum), 0);

  const refusal = (demand: Demand, isTooLong: boolean, now: number): ClusterError => {
    const line = lines.get(demand.model);
    const prospect = line?.prospect(demand, now);
    if (!isTooLong || !line || !prospect) return refusals.full(queue.size, startsPerMs(now));
    return refusals.tooLong({ ...prospect, model: demand.model, waiting: line.waiting, longestMs: longestWaitMs() });
  };

  return {
    check({ demand, context }, now) {
      if (context.ticket.place.since !== undefined || context.run !== undefined) return letIn;
      const isFull = queue.size >= queueSize();
      const isTooLong = waitsTooLong(demand, now);
      if (!isFull && !isTooLong) return letIn;
      const mayShed = demand.priority !== Priority.BATCH && (!isTooLong || !waitsTooLong(demand, now, true));
      const batch = mayShed ? queue.newest(Priority.BATCH, isTooLong ? demand.model : undefined) : undefined;
      if (batch) return { admitted: true, shed: { entry: batch, error: refusals.gaveWay(startsPerMs(now)) } };
      // One key must not shut the door on all others.
      const entry = isTooLong ? undefined : queue.newestOfLongest(demand);
      if (!entry) return { admitted: false, error: refusal(demand, isTooLong, now) };
      return { admitted: true, shed: { entry, error: refusals.gaveWayToFewer(startsPerMs(now)) } };
    },
    joined(entry, now) {
      lineOf(entry.demand.model).joined(entry, now);
    },
    left(entry, started, now) {
      lines.get(entry.demand.model)?.left(entry, started, now);
    },
    planned(startsAt, now) {
      const byModel = new Map<string, number[]>();
      for (const [entry, at] of startsAt) {
        if (!queue.has(entry)) continue;
        const { model } = entry.demand;
        const known = byModel.get(model);
        if (known) known.push(at);
        else byModel.set(model, [at]);
      }
      for (const [model, times] of byModel) lines.get(model)?.planned(times, now);
    },
    expectedWaitMs: waitMs,
    longestExpectedWaitMs: (now) =>
      [...lines.keys()].reduce((longest, model) => Math.max(longest, waitMs({ model, ...anybody }, now)), 0),
    get refused() {
      return refusals.count;
    },
    forget(now) {
      for (const line of lines.values()) line.forget(now);
    },
  };
}

const letIn = { admitted: true, shed: undefined } as const;
const anybody = { tenant: '', priority: Priority.DEFAULT };
