import type { ServerResponse } from 'node:http';
import { abortError, ClusterError, onAbort, type Clock } from '@tutti/core';

/** Writes a stream's texts, all of one turn of the event loop at once: a write costs more than making its text. */
export interface StreamWriter {
  /** Adds a text. The promise, if there is one, resolves when the client has taken enough to go on. */
  push(text: string): Promise<void> | undefined;
  /** Writes what has been added, now. */
  flush(): void;
}

interface Options {
  readonly signal: AbortSignal;
  readonly clock: Clock;
  /** A client that takes nothing for so long counts as gone; 30,000 by default. */
  readonly longestStallMs?: number | undefined;
}

/** Characters that are worth a write of their own. */
const largestBatch = 65_536;

export function createStreamWriter(
  raw: ServerResponse,
  { signal, clock, longestStallMs = 30_000 }: Options,
): StreamWriter {
  let pending = '';
  let scheduled: NodeJS.Immediate | undefined;

  const flush = (): void => {
    clearImmediate(scheduled);
    scheduled = undefined;
    if (pending !== '' && !raw.destroyed) raw.write(pending);
    pending = '';
  };

  return {
    push(text) {
      if (signal.aborted) throw abortError(signal);
      pending += text;
      // A source that never lets the event loop turn would be collected without end.
      if (pending.length > largestBatch) flush();
      else scheduled ??= setImmediate(flush);
      return raw.writableNeedDrain ? drained(raw, signal, clock, longestStallMs) : undefined;
    },
    flush,
  };
}

/** Rejects with `client_closed` if the client leaves or takes nothing for too long. */
function drained(raw: ServerResponse, signal: AbortSignal, clock: Clock, longestStallMs: number): Promise<void> {
  return new Promise<void>((resolve, reject) => {
    const settle = (finish: () => void) => (): void => {
      raw.off('drain', onDrain);
      forget();
      stop();
      finish();
    };
    const onDrain = settle(resolve);
    let forget = (): void => {};
    const stop = clock.after(
      longestStallMs,
      settle(() => reject(stalled(longestStallMs))),
    );
    raw.once('drain', onDrain);
    forget = onAbort(
      signal,
      settle(() => reject(abortError(signal))),
    );
  });
}

function stalled(stallMs: number): ClusterError {
  return new ClusterError('client_closed', `The client took nothing for ${stallMs / 1_000} s.`);
}
