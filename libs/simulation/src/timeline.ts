import type { Clock } from '@tutti/core';
import { createTimerHeap } from './timer-heap.ts';

/** Simulated time: it stands still but for `run`, and hours of it pass as fast as their events can be worked off. */
export interface Timeline extends Clock {
  /**
   * Runs what is due up to `untilMs`, which may be Infinity, in the order of time, and of setting where times are equal.
   * After each event it lets the promises run on that the event woke. One run at a time.
   */
  run(untilMs: number): Promise<void>;
  /** Number of events to come. */
  readonly pending: number;
}

interface TimelineOptions {
  /**
   * Resolves when all that an event woke has come to rest. By default after 32 turns of the microtask queue, which does
   * not tell when it is empty: where longer chains of promises are at work, a turn of the event loop does it exactly.
   */
  readonly settle?: () => Promise<void>;
}

const epochMs = Date.UTC(2026, 0, 1);

export function createTimeline({ settle = microtasks }: TimelineOptions = {}): Timeline {
  const heap = createTimerHeap();
  let nowMs = 0;
  let order = 0;
  return {
    now: () => nowMs,
    wallTime: () => epochMs + Math.floor(nowMs),
    after(delayMs, task) {
      const timer = { dueMs: nowMs + Math.max(0, delayMs), order: order++, task, index: -1 };
      heap.add(timer);
      return () => heap.remove(timer);
    },
    async run(untilMs) {
      await settle();
      for (let next = heap.first; next && next.dueMs <= untilMs && next.dueMs < Infinity; next = heap.first) {
        heap.remove(next);
        nowMs = next.dueMs;
        next.task();
        await settle();
      }
      if (untilMs < Infinity) nowMs = Math.max(nowMs, untilMs);
    },
    get pending() {
      return heap.size;
    },
  };
}

async function microtasks(): Promise<void> {
  for (let turn = 0; turn < 32; turn++) await Promise.resolve();
}
