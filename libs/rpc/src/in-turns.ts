import { streamOf } from '@tutti/core';

/**
 * Collects what `source` gives within one turn of the event loop, at most `max` at a time, so that one message carries
 * it all. While its reader is busy it reads on by one batch and no more. What came before an error goes out before it.
 *
 * A reader that leaves waits until the source has ended: tell the source by its signal.
 */
export async function* inTurns<T>(source: AsyncIterable<T>, max = 256): AsyncGenerator<T[], void, undefined> {
  let batch: T[] = [];
  let due = false;
  let ended = false;
  let left = false;
  let failure: { readonly thrown: unknown } | undefined;
  let wakeReader = (): void => {};
  let wakeSource = (): void => {};

  const markDue = (): void => {
    due = true;
    wakeReader();
  };
  const collect = async (): Promise<void> => {
    const items = streamOf(source);
    try {
      for (;;) {
        const next = items.ready?.() ?? (await items.next());
        if (next.done) break;
        if (left) {
          await items.return?.();
          break;
        }
        if (batch.push(next.value) === 1) setImmediate(markDue);
        if (batch.length < max) continue;
        markDue();
        await new Promise<void>((resolve) => (wakeSource = resolve));
      }
    } catch (thrown) {
      failure = { thrown };
    }
    ended = true;
    markDue();
  };

  const collecting = collect();
  try {
    while (!ended || batch.length > 0) {
      if (!due) await new Promise<void>((resolve) => (wakeReader = resolve));
      const full = batch;
      batch = [];
      due = ended;
      wakeSource();
      if (full.length > 0) yield full;
    }
    if (failure) throw failure.thrown;
  } finally {
    left = true;
    wakeSource();
    await collecting;
  }
}
