import type { Reason } from '../error.ts';
import type { Clock, Random } from '../ports.ts';

/** What the end of a call says about what it ran on. */
export type Verdict = 'success' | 'failure' | 'neither';

export type CircuitState = 'closed' | 'open' | 'half-open';

/** Keeps calls away from one thing that has failed, and lets one at a time try whether it works again. */
export interface Circuit {
  readonly state: CircuitState;
  /** Failures in a row. */
  readonly failures: number;
  /** What failed last; undefined: nothing since it was last well. */
  readonly reason: Reason | undefined;
  /** Whether a call may start now. `sole`: nothing else could take it, so it may try sooner. */
  allows(sole: boolean): boolean;
  /** When a call may try; undefined: it is closed. */
  trialAt(sole: boolean): number | undefined;
  /** A call starts; the returned function is called once, when it has ended. */
  started(): (verdict: Verdict, reason: Reason | undefined) => void;
  /** The call that tries has brought output: that counts as a success already. */
  answered(): void;
  /** As new. Calls that run meanwhile no longer count. */
  reset(): void;
}

interface Options {
  readonly clock: Clock;
  readonly random: Random;
  /** Successes in a row that close it again. */
  readonly winsToClose: number;
  /** Called when it opens or closes, and when a call may try. */
  readonly onChange: () => void;
}

interface Attempt {
  /** Of the circuit, when the call started. */
  readonly generation: number;
  /** Whether its output has counted as a success. */
  won: boolean;
}

const failuresToOpen = 3;
const shortestOpenMs = 10_000;
const longestOpenMs = 300_000;
/** Openings after which it stays open no longer than before. */
const mostOpenings = 6;
/** After so long without a failure, one opening is forgiven. */
const forgivenAfterMs = 60_000;
/** What nothing else can stand in for is tried again so soon. */
const soleOpenMs = 5_000;

export function createCircuit({ clock, random, winsToClose, onChange }: Options): Circuit {
  let failures = 0;
  let reason: Reason | undefined;
  let wins = 0;
  let openings = 0;
  let healthySince = clock.now();
  /** Undefined: closed. */
  let retryAt: number | undefined;
  let soleRetryAt = 0;
  let trial: Attempt | undefined;
  /** Counts openings and closings: a call that started before the last one says nothing about how it is now. */
  let generation = 0;
  let timers: (() => void)[] = [];

  const turn = (): void => {
    generation += 1;
    trial = undefined;
    wins = 0;
    for (const stop of timers) stop();
    timers = [];
  };

  const wakeAt = (time: number): void => {
    timers.push(clock.after(time - clock.now(), onChange));
  };

  const open = (): void => {
    turn();
    openings = Math.min(mostOpenings, openings + 1);
    const openMs = Math.min(longestOpenMs, shortestOpenMs * 2 ** (openings - 1)) * (0.8 + 0.4 * random());
    retryAt = clock.now() + openMs;
    soleRetryAt = clock.now() + soleOpenMs;
    wakeAt(soleRetryAt);
    wakeAt(retryAt);
    onChange();
  };

  const close = (): void => {
    turn();
    failures = 0;
    reason = undefined;
    retryAt = undefined;
    healthySince = clock.now();
    onChange();
  };

  const fail = (why: Reason | undefined): void => {
    failures += 1;
    reason = why;
    wins = 0;
    if (retryAt === undefined) {
      openings = Math.max(0, openings - Math.floor((clock.now() - healthySince) / forgivenAfterMs));
      healthySince = clock.now();
      if (failures >= failuresToOpen) open();
    } else if (clock.now() >= retryAt) {
      open();
    } else {
      soleRetryAt = clock.now() + soleOpenMs;
      wakeAt(soleRetryAt);
    }
  };

  const succeed = (): void => {
    if (retryAt === undefined) failures = 0;
    else if (++wins >= winsToClose) close();
    else onChange();
  };

  return {
    get state() {
      if (retryAt === undefined) return 'closed';
      return clock.now() < retryAt ? 'open' : 'half-open';
    },
    get failures() {
      return failures;
    },
    get reason() {
      return reason;
    },
    trialAt: (sole) => (retryAt !== undefined && sole ? Math.min(retryAt, soleRetryAt) : retryAt),
    allows(sole) {
      if (retryAt === undefined) return true;
      return !trial && clock.now() >= (sole ? Math.min(retryAt, soleRetryAt) : retryAt);
    },
    started() {
      const mine: Attempt = { generation, won: false };
      if (retryAt !== undefined) trial ??= mine;
      return (verdict, why) => {
        if (mine.generation !== generation) return;
        const tried = trial === mine;
        if (tried) trial = undefined;
        if (verdict === 'failure') fail(why);
        else if (verdict === 'success' && !mine.won) succeed();
        else if (tried) onChange();
      };
    },
    answered() {
      if (!trial) return;
      trial.won = true;
      trial = undefined;
      succeed();
    },
    reset() {
      openings = 0;
      close();
    },
  };
}
