import type { Call, Context } from '../generate.ts';

/** A call that waits for a node. */
export interface Waiting {
  readonly call: Call;
  readonly context: Context;
}

/** Waiting calls in the order in which they are served. */
export interface Queue<T extends Waiting> extends Iterable<T> {
  readonly size: number;
  /** Puts a call in its place: by class, then by arrival. A retried call stands where it stood. */
  add(entry: T): void;
  /** Takes a call out; false if it is not in. */
  remove(entry: T): boolean;
  /** Calls in front of this one. */
  position(entry: T): number;
}

export function createQueue<T extends Waiting>(): Queue<T> {
  const entries: T[] = [];
  return {
    get size() {
      return entries.length;
    },
    add(entry) {
      entries.splice(placeOf(entries, entry), 0, entry);
    },
    remove(entry) {
      const index = entries.indexOf(entry);
      if (index < 0) return false;
      entries.splice(index, 1);
      return true;
    },
    position: (entry) => entries.indexOf(entry),
    [Symbol.iterator]: () => entries[Symbol.iterator](),
  };
}

/** Most new entries belong at the end, so the search starts there. */
function placeOf(entries: readonly Waiting[], entry: Waiting): number {
  const after = entries.findLastIndex((other) => !goesFirst(entry, other));
  return after + 1;
}

function goesFirst(a: Waiting, b: Waiting): boolean {
  if (a.context.priority !== b.context.priority) return a.context.priority < b.context.priority;
  return a.context.ticket.sequence < b.context.ticket.sequence;
}
