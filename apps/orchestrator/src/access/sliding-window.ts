/** Counts what happened in the time just past, exactly. */
export interface SlidingWindow {
  /** Counts one and returns 0; or, if there were as many as may be, counts nothing and returns the ms until one may. */
  take(now: number): number;
}

/** Lets `most` through in any `lengthMs`. Keeps the time of each of the last `most`, and nothing else. */
export function slidingWindow(most: number, lengthMs: number): SlidingWindow {
  const times = new Float64Array(most).fill(-Infinity);
  let oldest = 0;
  return {
    take(now) {
      const waitMs = times[oldest]! + lengthMs - now;
      if (waitMs > 0) return waitMs;
      times[oldest] = now;
      oldest = (oldest + 1) % most;
      return 0;
    },
  };
}
