import type { Writable } from 'node:stream';
import { abortError, onAbort } from '@tutti/core';

/** Waits until the listener given to `subscribe` is called or `signal` aborts. `subscribe` returns what takes it back. */
export function untilCalled(signal: AbortSignal, subscribe: (listener: () => void) => () => void): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const settle = (): void => {
      signal.removeEventListener('abort', settle);
      unsubscribe();
      resolve();
    };
    signal.addEventListener('abort', settle);
    const unsubscribe = subscribe(settle);
  });
}

/** Waits until `stream` takes more or `signal` aborts. */
export function drained(stream: Writable, signal: AbortSignal): Promise<void> {
  return untilCalled(signal, (listener) => {
    stream.once('drain', listener);
    return () => stream.removeListener('drain', listener);
  });
}

/** What `promise` comes to, or the error that `signal` aborts with, whichever is first. */
export function unlessAborted<T>(signal: AbortSignal, promise: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const unlink = onAbort(signal, () => reject(abortError(signal)));
    void promise.then(resolve, reject).finally(unlink);
  });
}

/** What `source` gives until `signal` aborts; then it fails as the signal says, and waits for nobody. */
export async function* untilAborted<T>(
  signal: AbortSignal,
  source: AsyncIterable<T>,
): AsyncGenerator<T, void, undefined> {
  const iterator = source[Symbol.asyncIterator]();
  try {
    for (;;) {
      const next = await unlessAborted(signal, iterator.next());
      if (next.done) return;
      yield next.value;
    }
  } finally {
    // Not awaited: a source that is slow to stop holds up nobody.
    void iterator.return?.().catch(() => {});
  }
}
