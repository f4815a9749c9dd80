import { abortError, onAbort, progress, throwIfAborted, type Chunk, type Clock } from '@tutti/core';

const everyMs = 250;

/** Tells how far a load is, at once and then every 250 ms, until it ends. An abort ends the waiting, not the load. */
export async function* loading<T>(
  loaded: Promise<T>,
  fraction: () => number,
  clock: Clock,
  signal: AbortSignal,
): AsyncGenerator<Chunk, T> {
  const startedAt = clock.now();
  let settled = false;
  const ended = loaded.then(
    () => (settled = true),
    () => (settled = true),
  );
  while (!settled) {
    throwIfAborted(signal);
    yield progress({ case: 'loading', value: { elapsedMs: clock.now() - startedAt, fraction: fraction() } });
    await endOrDelay(ended, clock, signal);
  }
  return loaded;
}

function endOrDelay(ended: Promise<unknown>, clock: Clock, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const cancel = clock.after(everyMs, settle);
    let unlink = (): void => {};
    unlink = onAbort(signal, () => settle(abortError(signal)));
    void ended.then(() => settle());

    function settle(error?: Error): void {
      cancel();
      unlink();
      if (error) reject(error);
      else resolve();
    }
  });
}
