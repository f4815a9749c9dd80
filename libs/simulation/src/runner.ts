import type { Clock } from '@tutti/core';
import { createSlots, type Slots } from './slots.ts';

/** What a call needs a runner to be. */
export interface RunnerSpec {
  /** Canonical name. */
  readonly model: string;
  /** What it gets. */
  readonly numCtx: number;
  /** What was asked for: this is compared, and may be more than the model was trained for. */
  readonly askedNumCtx: number;
  /** Its other options, compared as text. */
  readonly options: string;
  readonly slots: number;
  readonly bytes: number;
}

/** A model in memory, or on its way there. */
export interface Runner {
  readonly spec: RunnerSpec;
  readonly slots: Slots;
  /** Calls that hold it in memory. */
  readonly users: number;
  readonly keepAliveMs: number;
  /** When it goes, by the clock's `now`; while it is in use, when it would go if that ended now. */
  readonly expiresAtMs: number;
  /** Holds it. The keep-alive stays as it is where the call has none. */
  acquire(keepAliveMs: number | undefined): void;
  release(): void;
  /** Lets it go when nobody holds it, now if nobody does. A later call with a keep-alive of its own saves it. */
  condemn(): void;
  /** Stops its timer. */
  close(): void;
}

/** Far above the rounding of times. */
const toleranceMs = 1e-6;

/** `expired` is called when its time is over and nobody holds it. */
export function createRunner(spec: RunnerSpec, keepMs: number, clock: Clock, expired: () => void): Runner {
  let users = 0;
  let keepAliveMs = keepMs;
  let dueMs = Infinity;
  let timerMs = Infinity;
  let cancelTimer = (): void => {};

  /** A timer that is set already stays, if it is not too late, and finds the rest: most calls set none. */
  function schedule(): void {
    if (dueMs >= timerMs) return;
    cancelTimer();
    timerMs = dueMs;
    cancelTimer = clock.after(dueMs - clock.now(), () => {
      timerMs = Infinity;
      if (dueMs <= clock.now() + toleranceMs) expired();
      else schedule();
    });
  }

  function rest(): void {
    if (users > 0) return;
    if (keepAliveMs <= 0) return expired();
    dueMs = clock.now() + keepAliveMs;
    schedule();
  }

  return {
    spec,
    slots: createSlots(spec.slots),
    get users() {
      return users;
    },
    get keepAliveMs() {
      return keepAliveMs;
    },
    get expiresAtMs() {
      return users > 0 ? clock.now() + keepAliveMs : dueMs;
    },
    acquire(ownMs) {
      users++;
      dueMs = Infinity;
      if (ownMs !== undefined) keepAliveMs = ownMs;
    },
    release() {
      users--;
      rest();
    },
    condemn() {
      keepAliveMs = 0;
      rest();
    },
    close() {
      cancelTimer();
    },
  };
}
