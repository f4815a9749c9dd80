import { abortError, onAbort, progress, throwIfAborted, type Chunk, type Clock } from '@tutti/core';

interface Options {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly everyMs: number;
  /** How far it is, 0 to 1. Absent: nobody knows. */
  readonly fraction?: () => number;
  /** When the load began. Absent: now. */
  readonly since?: number;
}

/** Tells that a load goes on, at once and then every `everyMs`, until it ends. An abort ends the waiting, not the load. */
export async function* loading<T>(loaded: Promise<T>, options: Options): AsyncGenerator<Chunk, T> {
  const { clock, signal, fraction, since = clock.now() } = options;
  let settled = false;
  const ended = loaded.then(
    () => (settled = true),
    () => (settled = true),
  );
  // What is over already is over after one turn of the microtasks.
  await Promise.resolve();
  while (!settled) {
    throwIfAborted(signal);
    const elapsedMs = clock.now() - since;
    yield progress({ case: 'loading', value: { elapsedMs, ...(fraction && { fraction: fraction() }) } });
    await endOrDelay(ended, options);
  }
  return loaded;
}

function endOrDelay(ended: Promise<unknown>, { clock, signal, everyMs }: Options): Promise<void> {
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
