import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { Clock } from '@tutti/core';

/** How late the event loop runs what is due, in milliseconds. */
export interface Lag {
  readonly avgMs: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

/** Watches the event loop. */
export interface LoopLag {
  /** Over the last ten seconds or so. */
  read(): Lag;
  close(): void;
}

const periodMs = 10_000;

/** A timer that is due so often is watched; its own period is no lag. */
const resolutionMs = 20;

export function createLoopLag(clock: Clock): LoopLag {
  const histogram = monitorEventLoopDelay({ resolution: resolutionMs });
  histogram.enable();
  const lag = (nanoseconds: number): number => Math.max(0, nanoseconds / 1e6 - resolutionMs) || 0;
  const now = (): Lag => ({
    avgMs: lag(histogram.mean),
    p99Ms: lag(histogram.percentile(99)),
    maxMs: lag(histogram.max),
  });
  let last: Lag | undefined;
  const turn = (): void => {
    last = now();
    histogram.reset();
    stop = clock.after(periodMs, turn);
  };
  let stop = clock.after(periodMs, turn);
  return {
    read: () => last ?? now(),
    close() {
      stop();
      histogram.disable();
    },
  };
}
