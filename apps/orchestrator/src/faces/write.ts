import type { ServerResponse } from 'node:http';
import { abortError, ClusterError, onAbort, type Clock } from '@tutti/core';

interface Options {
  readonly signal: AbortSignal;
  readonly clock: Clock;
}

/** A client that takes nothing for so long counts as gone. */
const longestStallMs = 30_000;

/** Writes, and waits until the client has taken enough. Rejects with `client_closed` if it is gone. */
export async function write(raw: ServerResponse, text: string, { signal, clock }: Options): Promise<void> {
  if (signal.aborted) throw abortError(signal);
  if (text === '' || raw.write(text)) return;
  await new Promise<void>((resolve, reject) => {
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
      settle(() =>
        reject(new ClusterError('client_closed', `The client took nothing for ${longestStallMs / 1_000} s.`)),
      ),
    );
    raw.once('drain', onDrain);
    forget = onAbort(
      signal,
      settle(() => reject(abortError(signal))),
    );
  });
}
