import { abortError, onAbort, throwIfAborted } from '@tutti/core';

/** Waits for the caller's turn; the returned function ends it. Rejects when `signal` aborts while waiting. */
export type TakeTurn = (signal: AbortSignal) => Promise<() => void>;

/** Lets one caller in at a time, in order of asking. */
export function turns(): TakeTurn {
  let last = Promise.resolve();

  return async (signal) => {
    throwIfAborted(signal);
    const before = last;
    const { promise: ended, resolve: end } = Promise.withResolvers<void>();
    last = before.then(() => ended);
    try {
      await settledOrAborted(before, signal);
    } catch (thrown) {
      end();
      throw thrown;
    }
    return end;
  };
}

function settledOrAborted(before: Promise<void>, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const unlink = onAbort(signal, () => reject(abortError(signal)));
    void before.then(() => {
      unlink();
      resolve();
    });
  });
}
