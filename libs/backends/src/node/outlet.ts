import { abortError, onAbort, type Chunk } from '@tutti/core';

/** One caller's part of what a shared request brings. */
export interface Outlet {
  put(chunk: Chunk): void;
  /** Ends it, well or with an error. */
  end(error?: unknown): void;
  /** What was put, in order. Throws what it was ended with, or that the signal aborted. To be read once. */
  chunks(signal: AbortSignal): AsyncIterable<Chunk>;
}

export function createOutlet(): Outlet {
  const ready: Chunk[] = [];
  let ended = false;
  let failure: { readonly error: unknown } | undefined;
  let wake = (): void => {};
  const end = (error?: unknown): void => {
    if (ended) return;
    ended = true;
    if (error !== undefined) failure = { error };
    wake();
  };
  return {
    put(chunk) {
      if (ended) return;
      ready.push(chunk);
      wake();
    },
    end,
    async *chunks(signal) {
      const forget = onAbort(signal, () => {
        ready.length = 0;
        end(abortError(signal));
      });
      try {
        for (;;) {
          const chunk = ready.shift();
          if (chunk) yield chunk;
          else if (ended) break;
          else await new Promise<void>((resolve) => (wake = resolve));
        }
      } finally {
        forget();
      }
      if (failure) throw failure.error;
    },
  };
}
