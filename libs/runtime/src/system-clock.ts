import type { Clock } from '@tutti/core';

/** Node's timers count milliseconds in 31 bits and fire at once beyond that: 24 days are as good as for ever. */
const longestDelayMs = 2 ** 31 - 1;

/** The machine's own time. Its timers keep no process alive. */
export const systemClock: Clock = {
  now: () => performance.now(),
  wallTime: () => Date.now(),
  after(delayMs, task) {
    const timer = setTimeout(task, Math.min(delayMs, longestDelayMs));
    timer.unref();
    return () => clearTimeout(timer);
  },
};
