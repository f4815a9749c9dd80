import { onAbort, type Clock } from '@tutti/core';
import type { Model } from './model.ts';
import type { RunnerOptions } from './options.ts';
import { createSlots, type Slots } from './slots.ts';

/** A model in memory. */
export interface Runner {
  readonly model: Model;
  readonly numCtx: number;
  /** Wall time in ms. */
  readonly expiresAtMs: number;
}

/** The use of a runner by one request. The model stays in memory until it is released. */
export interface RunnerLease {
  /** Waits for one of the runner's slots. Rejects when `signal` aborts first. */
  slot(signal: AbortSignal): Promise<void>;
  /** Gives back the slot, if one was got, and lets the keep-alive begin. */
  release(): void;
}

export interface Runners {
  /** Returns when the model is in memory with these options. Loads it if need be. Rejects when `signal` aborts first. */
  use(model: Model, options: RunnerOptions, keepAliveMs: number, signal: AbortSignal): Promise<RunnerLease>;
  /** Drops the model as soon as it is idle. */
  unload(model: Model): void;
  /** The longest-lived first. */
  readonly list: readonly Runner[];
  /** How often any model was loaded, reloads included. */
  readonly loads: number;
  close(): void;
}

interface Settings {
  readonly clock: Clock;
  readonly loadMs: number;
  /** Slots of one runner. */
  readonly parallel: number;
}

interface Resident {
  readonly model: Model;
  readonly options: RunnerOptions;
  readonly slots: Slots;
  /** Undefined when it is in memory. */
  loading: Promise<void> | undefined;
  keepAliveMs: number;
  expiresAtMs: number;
  users: number;
  /** When it goes, by the clock's `now`. */
  dueMs: number;
  /** When the timer goes off that looks whether it is due. */
  timerMs: number;
  cancelExpiry: () => void;
}

/** Timers cannot be set further ahead. */
const longestTimerMs = 2 ** 31 - 1;

/** Keeps track of what is loaded: one runner a model, any number of models, no memory limit. */
export function createRunners({ clock, loadMs, parallel }: Settings): Runners {
  const residents = new Map<string, Resident>();
  let loads = 0;

  function drop(resident: Resident): void {
    resident.cancelExpiry();
    if (residents.get(resident.model.id.full) === resident) residents.delete(resident.model.id.full);
  }

  /** Begins the keep-alive anew. A timer that is set already stays, if it is not too late, and finds the rest. */
  function scheduleExpiry(resident: Resident): void {
    resident.expiresAtMs = clock.wallTime() + resident.keepAliveMs;
    resident.dueMs = resident.users > 0 ? Infinity : clock.now() + resident.keepAliveMs;
    if (resident.dueMs < resident.timerMs) armExpiry(resident);
  }

  function armExpiry(resident: Resident): void {
    resident.cancelExpiry();
    resident.timerMs = Infinity;
    const delayMs = resident.dueMs - clock.now();
    if (delayMs <= 0) return drop(resident);
    if (delayMs > longestTimerMs) return;
    resident.timerMs = resident.dueMs;
    resident.cancelExpiry = clock.after(delayMs, () => armExpiry(resident));
  }

  function load(model: Model, options: RunnerOptions): Resident {
    const resident: Resident = {
      model,
      options,
      slots: createSlots(parallel),
      loading: undefined,
      keepAliveMs: 0,
      expiresAtMs: 0,
      users: 0,
      dueMs: Infinity,
      timerMs: Infinity,
      cancelExpiry: () => {},
    };
    if (loadMs > 0) {
      const { promise, resolve } = Promise.withResolvers<void>();
      resident.loading = promise;
      clock.after(loadMs, () => {
        resident.loading = undefined;
        resolve();
      });
    }
    residents.set(model.id.full, resident);
    loads++;
    return resident;
  }

  function resident(model: Model, options: RunnerOptions): Resident {
    const present = residents.get(model.id.full);
    if (present?.options.key === options.key) return present;
    if (present) drop(present);
    return load(model, options);
  }

  function lease(runner: Resident): RunnerLease {
    let held = false;
    return {
      async slot(signal) {
        await runner.slots.enter(signal);
        held = true;
      },
      release() {
        if (held) runner.slots.leave();
        runner.users--;
        scheduleExpiry(runner);
      },
    };
  }

  return {
    async use(model, options, keepAliveMs, signal) {
      const runner = resident(model, options);
      const own = lease(runner);
      runner.users++;
      runner.keepAliveMs = keepAliveMs;
      scheduleExpiry(runner);
      try {
        if (runner.loading) await unlessAborted(runner.loading, signal);
      } catch (thrown) {
        own.release();
        throw thrown;
      }
      return own;
    },
    unload(model) {
      const runner = residents.get(model.id.full);
      if (!runner) return;
      runner.keepAliveMs = 0;
      scheduleExpiry(runner);
    },
    get list() {
      return [...residents.values()]
        .toSorted((a, b) => b.expiresAtMs - a.expiresAtMs)
        .map(({ model, options, expiresAtMs }) => ({ model, numCtx: options.numCtx, expiresAtMs }));
    },
    get loads() {
      return loads;
    },
    close() {
      for (const runner of residents.values()) runner.cancelExpiry();
    },
  };
}

function unlessAborted(promise: Promise<void>, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const forget = onAbort(signal, () => reject(new Error('aborted while the model was loading')));
    void promise.then(() => {
      forget();
      resolve();
    });
  });
}
