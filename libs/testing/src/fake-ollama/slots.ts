import { onAbort } from '@tutti/core';

/** A fixed number of places; who finds none waits, first come, first served. */
export interface Slots {
  /** Rejects when `signal` aborts first. */
  enter(signal: AbortSignal): Promise<void>;
  leave(): void;
}

export function createSlots(count: number): Slots {
  let free = count;
  const waiting = new Set<() => void>();
  return {
    enter(signal) {
      if (free > 0) {
        free--;
        return Promise.resolve();
      }
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      const forget = onAbort(signal, () => {
        waiting.delete(admit);
        reject(new Error('aborted while it waited for a slot'));
      });
      function admit(): void {
        forget();
        resolve();
      }
      if (!signal.aborted) waiting.add(admit);
      return promise;
    },
    leave() {
      const [next] = waiting;
      if (next === undefined) {
        free++;
        return;
      }
      waiting.delete(next);
      next();
    },
  };
}
