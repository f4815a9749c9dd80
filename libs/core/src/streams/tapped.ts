import { over, streamOf, type Stream } from './stream.ts';

/** Items, and what is done as they pass. */
export interface Tap<T> {
  readonly items: AsyncIterable<T>;
  /** The reader waits for an item that has not come yet. */
  wait?(): void;
  /** It must not throw. */
  see(item: T): void;
  /** The items have ended, or failed: then it may throw another error in place of that one. */
  end(thrown?: unknown): void;
  /** The reader has left. */
  leave(): void;
}

/**
 * Lets items pass to a reader who waits for none of what is done on the way: a generator around another one would cost
 * each of them several promises. `begin` is called when reading starts.
 */
export function tapped<T>(begin: () => Tap<T>): Stream<T> {
  let tap: Tap<T> | undefined;
  let items: Stream<T> | undefined;
  let ended = false;

  return {
    [Symbol.asyncIterator]() {
      return this;
    },
    ready() {
      const next = ended ? undefined : items?.ready?.();
      if (next) tap!.see(next.value);
      return next;
    },
    async next() {
      if (ended) return over;
      tap ??= begin();
      try {
        items ??= streamOf(tap.items);
        tap.wait?.();
        const next = await items.next();
        if (!next.done) {
          tap.see(next.value);
          return next;
        }
      } catch (thrown) {
        ended = true;
        tap.end(thrown);
        throw thrown;
      }
      ended = true;
      tap.end();
      return over;
    },
    async return() {
      if (ended) return over;
      ended = true;
      try {
        await items?.return?.();
      } finally {
        tap?.leave();
      }
      return over;
    },
  };
}
