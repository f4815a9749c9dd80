import type { Clock } from '@tutti/core';

/** Node's timers count milliseconds in 31 bits, 24 days, and fire at once beyond that: longer ones take several. */
const longestDelayMs = 2 ** 31 - 1;

/** The machine's own time. Its timers keep no process alive. */
export const systemClock: Clock = {
  now: () => performance.now(),
  wallTime: () => Date.now(),
  after(delayMs, task) {
    let timer: NodeJS.Timeout;
    const wait = (leftMs: number): void => {
      const next = (): void => (leftMs > longestDelayMs ? wait(leftMs - longestDelayMs) : task());
      timer = setTimeout(next, Math.min(leftMs, longestDelayMs));
      timer.unref();
    };
    wait(delayMs);
    return () => clearTimeout(timer);
  },
};
