import { createHeap } from './binary-heap.ts';
import type { Waiting } from './fair-queue.ts';
import { isOlder, type Flow } from './flow.ts';

/** Where the way through all flows stands in one of them. */
interface Cursor<T> {
  readonly flow: Flow<T>;
  index: number;
  /** The call there. */
  entry: T;
  finishTag: number;
  /** When a fair server would be done with it and with all before it in its flow. */
  served: number;
}

/** The calls of flows, none empty, in the order in which to serve: those that came up to `bound` by age, the others by finish tag. */
export function* servingOrder<T extends Waiting>(flows: readonly Flow<T>[], bound: number): Generator<T, void> {
  const cursors = flows.map(cursorOf);
  const isAged = ({ entry }: Cursor<T>): boolean => (entry.context.ticket.place.since ?? 0) <= bound;

  const aged = createHeap<Cursor<T>>((a, b) => isOlder(a.entry, b.entry));
  for (const cursor of cursors) if (isAged(cursor)) aged.add(cursor);
  for (let cursor = aged.first; cursor; cursor = aged.first) {
    yield cursor.entry;
    if (advance(cursor) && isAged(cursor)) aged.moveFirst();
    else aged.removeFirst();
  }

  const others = createHeap<Cursor<T>>(goesFirst);
  for (const cursor of cursors) if (cursor.index < cursor.flow.arrivals.length) others.add(cursor);
  for (let cursor = others.first; cursor; cursor = others.first) {
    yield cursor.entry;
    if (advance(cursor)) others.moveFirst();
    else others.removeFirst();
  }
}

function cursorOf<T extends Waiting>(flow: Flow<T>): Cursor<T> {
  const { served, arrivals } = flow;
  const cursor = { flow, index: -1, entry: arrivals[0]!.entry, finishTag: 0, served };
  advance(cursor);
  return cursor;
}

/** False: the flow has no more. */
function advance<T extends Waiting>(cursor: Cursor<T>): boolean {
  cursor.index += 1;
  const arrival = cursor.flow.arrivals[cursor.index];
  if (!arrival) return false;
  const { entry, cameAt } = arrival;
  const { finishTag } = entry.context.ticket.place;
  // A call with a tag has started before, and its flow has paid.
  if (finishTag === undefined) cursor.served = Math.max(cursor.served, cameAt) + entry.work / cursor.flow.weight;
  cursor.finishTag = finishTag ?? cursor.served;
  cursor.entry = entry;
  return true;
}

function goesFirst<T extends Waiting>(a: Cursor<T>, b: Cursor<T>): boolean {
  return a.finishTag === b.finishTag ? isOlder(a.entry, b.entry) : a.finishTag < b.finishTag;
}
