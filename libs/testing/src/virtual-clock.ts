import type { Clock } from '@tutti/core';

/** Time that stands still until a test moves it. */
export interface VirtualClock extends Clock {
  /**
   * Moves time forward and runs what falls due, in order. After each timer it lets everything that the timer woke run
   * on, promises and sockets included, so that timers which that code sets are in time too.
   */
  advance(ms: number): Promise<void>;
  /** Number of timers that are set. */
  readonly pending: number;
}

interface Timer {
  readonly dueMs: number;
  readonly task: () => void;
}

const epochMs = Date.UTC(2026, 0, 1);

export function virtualClock(): VirtualClock {
  const timers = new Set<Timer>();
  let nowMs = 0;

  /** Of those due at the same time, the one that was set first. */
  function earliest(): Timer | undefined {
    let found: Timer | undefined;
    for (const timer of timers) if (!found || timer.dueMs < found.dueMs) found = timer;
    return found;
  }

  return {
    now: () => nowMs,
    wallTime: () => epochMs + Math.floor(nowMs),
    after(delayMs, task) {
      const timer = { dueMs: nowMs + Math.max(0, delayMs), task };
      timers.add(timer);
      return () => void timers.delete(timer);
    },
    async advance(ms) {
      const untilMs = nowMs + ms;
      await turn();
      for (let next = earliest(); next && next.dueMs <= untilMs; next = earliest()) {
        nowMs = next.dueMs;
        timers.delete(next);
        next.task();
        await turn();
      }
      nowMs = untilMs;
    },
    get pending() {
      return timers.size;
    },
  };
}

/** Two turns of the event loop: the first for what is ready, the second for what that has started. */
async function turn(): Promise<void> {
  for (let i = 0; i < 2; i++) await new Promise((resolve) => setImmediate(resolve));
}
