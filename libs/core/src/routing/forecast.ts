/** Predictions, and when the first of them will be over. */
export interface Forecast {
  readonly now: number;
  readonly earliest: number;
  /** As `later`, from now. */
  later(at: number, stepMs: number): number;
}

export function createForecast(now: number): Forecast {
  let earliest = Number.POSITIVE_INFINITY;
  return {
    now,
    get earliest() {
      return earliest;
    },
    later(at, stepMs) {
      const predicted = later(at, stepMs, now);
      earliest = Math.min(earliest, predicted);
      return predicted;
    },
  };
}

/** The first of `at`, `at + stepMs`, `at + 2 * stepMs` … that is not over. */
export function later(at: number, stepMs: number, now: number): number {
  if (at > now) return at;
  const step = Math.max(stepMs, 1);
  return at + (Math.floor((now - at) / step) + 1) * step;
}
