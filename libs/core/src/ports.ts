/** Where pure code gets time from. All durations are milliseconds. */
export interface Clock {
  /** Monotonic time; its zero means nothing. */
  now(): number;
  /** Milliseconds since 1970, for people and logs only: it may jump. */
  wallTime(): number;
  /** Calls `task` once, not before `delayMs` has passed; the returned function takes that back. */
  after(delayMs: number, task: () => void): () => void;
}

/** Where pure code gets chance from: a number in [0, 1). */
export type Random = () => number;
