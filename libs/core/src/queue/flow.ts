import { Priority } from '../generate.ts';
import type { Waiting } from './fair-queue.ts';

/** The waiting calls of one class of one tenant. */
export interface Flow<T> {
  readonly weight: number;
  /** Virtual time at which a fair server would be done with all that the flow has been given. */
  served: number;
  /** The oldest first. */
  readonly arrivals: Arrival<T>[];
}

export interface Arrival<T> {
  readonly entry: T;
  /** Virtual time when it came. */
  readonly cameAt: number;
}

/** Part of the work that a class gets while others wait too. */
const classWeights: ReadonlyMap<Priority, number> = new Map([
  [Priority.ADMIN, 16],
  [Priority.INTERACTIVE, 8],
  [Priority.DEFAULT, 4],
  [Priority.BATCH, 1],
]);

/** Weight of a class; one that is not known has that of "default". */
export function classWeight(priority: Priority): number {
  return classWeights.get(priority) ?? 4;
}

/** Whose calls make one flow. */
export function flowKey({ priority, tenant }: { readonly priority: Priority; readonly tenant: string }): string {
  return `${priority} ${tenant}`;
}

/** By first arrival. */
export function isOlder({ context: { ticket: a } }: Waiting, { context: { ticket: b } }: Waiting): boolean {
  const [sinceA, sinceB] = [a.place.since ?? 0, b.place.since ?? 0];
  return sinceA === sinceB ? a.sequence < b.sequence : sinceA < sinceB;
}

/** Puts a call in its place; most belong at the end. */
export function insert<T extends Waiting>({ arrivals }: Flow<T>, arrival: Arrival<T>): void {
  const last = arrivals.at(-1);
  if (!last || !isOlder(arrival.entry, last.entry)) arrivals.push(arrival);
  else arrivals.splice(indexOf(arrivals, arrival.entry), 0, arrival);
}

/** Takes out a call that is in; most stand at the front. */
export function takeOut<T extends Waiting>({ arrivals }: Flow<T>, entry: T): void {
  if (arrivals[0]?.entry === entry) {
    arrivals.shift();
    return;
  }
  let index = indexOf(arrivals, entry);
  // Two attempts at one call are of the same age.
  while (arrivals[index]!.entry !== entry) index += 1;
  arrivals.splice(index, 1);
}

/** Where the call stands, or would stand. */
function indexOf<T extends Waiting>(arrivals: readonly Arrival<T>[], entry: T): number {
  let [from, to] = [0, arrivals.length];
  while (from < to) {
    const middle = (from + to) >> 1;
    if (isOlder(arrivals[middle]!.entry, entry)) from = middle + 1;
    else to = middle;
  }
  return from;
}
