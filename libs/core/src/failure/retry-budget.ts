import type { Clock } from '../ports.ts';

/** Keeps retries a small part of all calls, so that they cannot keep alive the overload that they come from. */
export interface RetryBudget {
  /** A node has got a call, for the first time. */
  deposit(): void;
  /** Takes one retry; false: none is left. */
  withdraw(): boolean;
}

interface Options {
  readonly clock: Clock;
  /** Retries a call. */
  readonly ratio?: number;
  /** Retries that are there at first; while few calls come, they come back with time. */
  readonly floor?: number;
}

/** What quiet times leave unused is worth no more than the calls of about so long. */
const memoryMs = 10_000;

/**
 * At most `floor + ratio * calls` retries while many calls come. While so few come that their part is less than the
 * floor, the floor comes back: nobody can overload a cluster by asking it once in a while.
 */
export function createRetryBudget({ clock, ratio = 0.2, floor = 3 }: Options): RetryBudget {
  let left = floor;
  /** Calls of late, each counting less as it ages. */
  let recent = 0;
  let agedAt = clock.now();

  const age = (): void => {
    const now = clock.now();
    const elapsedMs = now - agedAt;
    recent *= Math.exp(-elapsedMs / memoryMs);
    agedAt = now;
    if (left < floor && ratio * recent < floor) left = Math.min(floor, left + (floor * elapsedMs) / memoryMs);
    left = Math.min(left, Math.max(floor, ratio * recent));
  };

  return {
    deposit() {
      recent += 1;
      left += ratio;
      age();
    },
    withdraw() {
      age();
      // Fifths do not add up to whole numbers exactly.
      if (left < 1 - 1e-9) return false;
      left -= 1;
      return true;
    },
  };
}
