import type { Clock } from './ports.ts';
import { onAbort } from './signal.ts';

/** Resolves after `delayMs`, or when the signal aborts; never rejects. */
export function pause(clock: Clock, delayMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    let forget = (): void => {};
    const stop = clock.after(delayMs, () => {
      forget();
      resolve();
    });
    forget = onAbort(signal, () => {
      stop();
      resolve();
    });
  });
}
