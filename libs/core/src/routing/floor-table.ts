import type { Ask } from './cost.ts';
import type { Demand, PrefixMark } from './demand.ts';
import { busyAt, busyOthers, freeAt, type RunnerOutlook, type Seat, type Seats } from './outlook.ts';
import type { PlanParameters } from './parameters.ts';

/** What calls of a model cost on each node at the very least, from a few numbers a node that lie side by side. */
export interface FloorTable {
  /** Brings the numbers up to date for the nodes of these indexes. */
  refresh(indexes: readonly number[], seats: Seats, now: number): void;
  /**
   * Puts the least milliseconds into their places for the nodes of these indexes; Infinity where the model is not.
   * `tokens`: context that is needed.
   */
  write(floors: Float64Array, indexes: readonly number[], ask: Ask, tokens: number, now: number): void;
  /** Nodes that have the model in memory, in order. */
  readonly holders: readonly number[];
  /** Less than so many milliseconds it costs on none of the others. */
  othersFrom(ask: Ask): number;
}

const never = Number.NEGATIVE_INFINITY;

/** Where the numbers of a node stand: when a call, or its load, can begin, and milliseconds; of a token for the last two. */
const [beginsAt, loadMs, readMs, writeMs] = [0, 1, 2, 3] as const;
const width = 4;

/**
 * The same where the model is in memory: how prompts in the cache begin, a bit each (a prompt that begins otherwise is read
 * whole); how much longer than alone a call takes, if it needs no more context than is held.
 */
const [cached, slow, heldContext] = [0, 1, 2] as const;
const residentWidth = 3;

export function createFloorTable(nodes: number, { slowBySame, slowByOthers }: PlanParameters): FloorTable {
  const numbers = new Float64Array(nodes * width);
  const residents = new Float64Array(nodes * residentWidth);
  const isResident = new Uint8Array(nodes);
  /** Versions of the seats that the numbers are of, and until when they hold. */
  const known = new Float64Array(nodes);
  const validUntil = new Float64Array(nodes);
  let soonest = Number.POSITIVE_INFINITY;
  /** Undefined: they may be others by now. */
  let holders: readonly number[] | undefined;
  /** No node that has to load the model is quicker at any of these; those that were may be gone. */
  const quickest = new Float64Array(width).fill(Number.POSITIVE_INFINITY);
  let updates = 0;

  const expire = (now: number): void => {
    soonest = Number.POSITIVE_INFINITY;
    for (let index = 0; index < nodes; index += 1) {
      if (now >= validUntil[index]!) known[index] = 0;
      else soonest = Math.min(soonest, validUntil[index]!);
    }
  };

  const update = (index: number, { glance, versions }: Seats): void => {
    const seat = glance(index);
    const at = index * width;
    known[index] = versions[index]!;
    validUntil[index] = seat ? seat.outlook.validUntil : -never;
    if (validUntil[index] < soonest) soonest = validUntil[index];
    const resident = seat?.runner ? 1 : 0;
    if (isResident[index] !== resident) holders = undefined;
    isResident[index] = resident;
    numbers[at + beginsAt] = seat ? beginOf(seat) : -never;
    numbers[at + loadMs] = seat && !seat.runner ? seat.speeds.loadMs : 0;
    numbers[at + readMs] = seat ? 1 / seat.speeds.prefill : 0;
    numbers[at + writeMs] = seat ? 1 / seat.speeds.decode : 0;
    if (seat?.runner) updateResident(index, seat, seat.runner, numbers[at + beginsAt]!);
    else if (seat) hasten(at);
    updates += 1;
  };

  const hasten = (at: number): void => {
    for (let part = loadMs; part < width; part += 1) quickest[part] = Math.min(quickest[part]!, numbers[at + part]!);
  };

  /** Now and then, so that one that was quick once does not count for ever. */
  const findQuickest = (): void => {
    quickest.fill(Number.POSITIVE_INFINITY);
    updates = 0;
    for (let index = 0; index < nodes; index += 1) {
      if (isResident[index] === 0 && numbers[index * width + beginsAt]! < -never) hasten(index * width);
    }
  };

  const updateResident = (index: number, { outlook }: Seat, runner: RunnerOutlook, time: number): void => {
    const at = index * residentWidth;
    const meets = runner.embeddings === 0;
    residents[at + cached] = beginnings(outlook.facts.prompts.get(runner.model));
    residents[at + slow] = 1 + slowBySame * busyAt(runner, time) + slowByOthers * busyOthers(outlook, runner, time);
    // Those who join embeddings may begin sooner, beside fewer.
    residents[at + heldContext] = meets ? (runner.facts.numCtx ?? -never) : -1;
  };

  return {
    refresh(indexes, seats, now) {
      const { versions } = seats;
      if (now >= soonest) expire(now);
      for (let place = 0; place < indexes.length; place += 1) {
        const index = indexes[place]!;
        if (known[index] !== versions[index]) update(index, seats);
      }
      if (updates > nodes) findQuickest();
    },
    get holders() {
      holders ??= [...isResident.keys()].filter((index) => isResident[index] === 1);
      return holders;
    },
    othersFrom: ({ demand: { promptTokens }, outputTokens }) =>
      quickest[loadMs]! + (promptTokens * quickest[readMs]! + outputTokens * quickest[writeMs]!),
    write(floors, indexes, { demand: { promptTokens, runnerOptions, prefix }, outputTokens }, tokens, now) {
      const beginning = prefix.length > 0 ? bitOf(prefix[0]!) : 0;
      // Whoever has a runner loaded again may have fewer neighbours.
      const takesAny = runnerOptions === '';
      for (let place = 0; place < indexes.length; place += 1) {
        const index = indexes[place]!;
        const at = index * width;
        let readTokens = promptTokens;
        let factor = 1;
        if (isResident[index] === 1) {
          const own = index * residentWidth;
          if ((residents[own + cached]! & beginning) !== 0) readTokens = 0;
          if (takesAny && tokens <= residents[own + heldContext]!) factor = residents[own + slow]!;
        }
        const ownMs = (readTokens * numbers[at + readMs]! + outputTokens * numbers[at + writeMs]!) * factor;
        floors[index] = Math.max(0, numbers[at + beginsAt]! - now) + numbers[at + loadMs]! + ownMs;
      }
    },
  };
}

/** When a call can begin there, or its load can. Those who join embeddings need no slot, and begin with them. */
function beginOf({ outlook, runner }: Seat): number {
  if (!runner) return Math.max(outlook.loaderFreeAt, outlook.slotFreeAt);
  const slotAt = freeAt(runner);
  return runner.embeddings > 0 ? Math.min(slotAt, runner.embeddedAt) : Math.max(slotAt, outlook.slotFreeAt);
}

function beginnings(prompts: readonly Demand['prefix'][] = []): number {
  let bits = 0;
  for (const [first] of prompts) if (first) bits |= bitOf(first);
  return bits;
}

function bitOf({ hash }: PrefixMark): number {
  return 1 << (hash & 31);
}
