/** Counts what happened in the time just past, exactly. */
export interface SlidingWindow {
  /** Counts one and returns 0; or, if there were as many as may be, counts nothing and returns the ms until one may. */
  take(now: number): number;
  /** How many more may come now. */
  left(now: number): number;
  /** Milliseconds until as many may come as at first. */
  fullIn(now: number): number;
}

/** Lets `most` through in any `lengthMs`. Keeps the time of each of the last `most`, and nothing else. */
export function slidingWindow(most: number, lengthMs: number): SlidingWindow {
  const times = new Float64Array(most).fill(-Infinity);
  let oldest = 0;
  /** The time that is `age` places after the oldest. */
  const at = (age: number): number => times[(oldest + age) % most]!;
  return {
    take(now) {
      const waitMs = at(0) + lengthMs - now;
      if (waitMs > 0) return waitMs;
      times[oldest] = now;
      oldest = (oldest + 1) % most;
      return 0;
    },
    left(now) {
      let low = 0;
      let high = most;
      while (low < high) {
        const middle = (low + high) >> 1;
        if (at(middle) + lengthMs - now > 0) high = middle;
        else low = middle + 1;
      }
      return low;
    },
    fullIn: (now) => Math.max(0, at(most - 1) + lengthMs - now),
  };
}
