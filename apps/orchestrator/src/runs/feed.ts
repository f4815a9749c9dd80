import { onAbort, throwIfAborted } from '@tutti/core';

/** A list that grows while others read it. */
export interface Feed<T> {
  readonly items: readonly T[];
  push(...more: readonly T[]): void;
  /** Nothing comes any more. */
  close(): void;
  /** The last item, once it is the end or none comes any more; rejects when the signal aborts. Reads none before it. */
  last(signal: AbortSignal, isEnd: (item: T) => boolean): Promise<T | undefined>;
  /** Items from an index on, then those that come. Ends when the feed is closed, or the signal aborts. */
  from(index: number, signal: AbortSignal): AsyncGenerator<T, void>;
}

export function createFeed<T>(before: readonly T[] = []): Feed<T> {
  const items = [...before];
  const wakes = new Set<() => void>();
  let closed = false;

  const wakeAll = (): void => {
    for (const wake of [...wakes]) wake();
  };

  const change = (signal: AbortSignal): Promise<void> =>
    new Promise((resolve) => {
      let forget = (): void => {};
      const wake = (): void => {
        wakes.delete(wake);
        forget();
        resolve();
      };
      wakes.add(wake);
      forget = onAbort(signal, wake);
    });

  return {
    items,
    push(...more) {
      items.push(...more);
      wakeAll();
    },
    close() {
      closed = true;
      wakeAll();
    },
    async last(signal, isEnd) {
      for (;;) {
        const item = items.at(-1);
        if (closed || (item !== undefined && isEnd(item))) return item;
        throwIfAborted(signal);
        await change(signal);
      }
    },
    async *from(index, signal) {
      for (let at = index; ;) {
        while (at < items.length) yield items[at++]!;
        if (closed || signal.aborted) return;
        await change(signal);
      }
    },
  };
}
