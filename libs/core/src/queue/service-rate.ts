/** How fast calls start while others wait behind them. */
export interface ServiceRate {
  /** Somebody waits from now on, or nobody does. */
  waits(anybody: boolean, now: number): void;
  /** A call has started that had waited so long. */
  started(waitedMs: number, now: number): void;
  /** Calls a millisecond that a plan expects to start. */
  expect(perMs: number): void;
  /** Calls a millisecond; undefined: nothing is known. */
  perMs(now: number): number | undefined;
  /** Whether calls were seen to start, or not to: what a plan says of models that never ran is a guess. */
  isMeasured(now: number): boolean;
  /** What was measured says nothing about what comes. */
  forget(now: number): void;
}

/** What lies so far back counts e times less. */
const memoryMs = 60_000;

/** A plan counts as much as so many starts. */
const weightOfPlan = 3;

/** A call that starts sooner found a free slot, and tells little about how soon the next one comes. */
const fullCountMs = 50;

/**
 * Counts starts over the time in which somebody waited: a line that stands still shows, one that is empty does not.
 * One from which nobody starts for `standstillMs` says as much as one start.
 */
export function createServiceRate(standstillMs: number): ServiceRate {
  let waiting = false;
  let seenAt = 0;
  let starts = 0;
  let waitedMs = 0;
  let planned: number | undefined;

  const pass = (now: number): void => {
    if (waiting) {
      const left = Math.exp((seenAt - now) / memoryMs);
      starts *= left;
      waitedMs = waitedMs * left + memoryMs * (1 - left);
    }
    seenAt = now;
  };

  return {
    waits(anybody, now) {
      pass(now);
      waiting = anybody;
    },
    started(ms, now) {
      pass(now);
      starts += Math.min(1, ms / fullCountMs);
    },
    expect(perMs) {
      planned = perMs;
    },
    perMs(now) {
      pass(now);
      if (planned !== undefined) return (starts + weightOfPlan) / (waitedMs + weightOfPlan / planned);
      return starts > 0 && waitedMs > 0 ? starts / waitedMs : undefined;
    },
    isMeasured(now) {
      pass(now);
      return starts >= 1 || waitedMs >= standstillMs;
    },
    forget(now) {
      seenAt = now;
      starts = 0;
      waitedMs = 0;
      planned = undefined;
    },
  };
}
