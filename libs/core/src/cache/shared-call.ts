import type { Chunk } from '../generate.ts';
import { abortError, onAbort } from '../signal.ts';

/** One call that several read: each gets all of it, at its own pace. It is ended when the last of them has left. */
export interface SharedCall {
  /** Reads it from its beginning. Not once it is closed. */
  read(signal: AbortSignal): AsyncIterable<Chunk>;
  /** From now on only those who read already go on, and what all of them have read is forgotten. */
  close(): void;
}

/** A chunk and what comes after it; the last link of all is empty, to be filled. */
interface Link {
  chunk?: Chunk;
  next?: Link;
}

/** `onClosed` is called once: nobody may come any more. */
export function createSharedCall(
  start: (signal: AbortSignal) => AsyncIterable<Chunk>,
  onClosed: () => void,
): SharedCall {
  const controller = new AbortController();
  const source = start(controller.signal)[Symbol.asyncIterator]();
  let last: Link = {};
  let first: Link | undefined = last;
  let readers = 0;
  let end: { readonly error?: unknown } | undefined;
  let pulling: Promise<void> | undefined;

  const close = (): void => {
    if (!first) return;
    first = undefined;
    onClosed();
  };

  const finish = (how: { readonly error?: unknown }): void => {
    end = how;
    close();
  };

  /** Fills the last link, for whoever has got there. The promise never rejects. */
  const pull = (): Promise<void> =>
    (pulling ??= source
      .next()
      .then(
        ({ done, value }) => {
          if (done) return finish({});
          last.chunk = value;
          last = last.next = {};
        },
        (error: unknown) => finish({ error }),
      )
      .finally(() => (pulling = undefined)));

  return {
    close,
    async *read(signal) {
      let at = first!;
      readers += 1;
      try {
        for (;;) {
          if (at.next) {
            yield at.chunk!;
            at = at.next;
          } else if (end) {
            if ('error' in end) throw end.error;
            return;
          } else {
            await settled(pull(), signal);
          }
        }
      } finally {
        readers -= 1;
        if (readers === 0) {
          close();
          controller.abort(signal.reason);
          // What it ends with has no reader.
          await source.return?.().catch(() => {});
        }
      }
    },
  };
}

/** Rejects as soon as the signal aborts. */
function settled(work: Promise<void>, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const forget = onAbort(signal, () => reject(abortError(signal)));
    void work.then(() => {
      forget();
      resolve();
    });
  });
}
