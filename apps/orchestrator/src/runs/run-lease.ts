import { ClusterError, pause, type Clock, type RunRecord, type RunRepository, type RunState } from '@tutti/core';

interface Options {
  /** As it stood when this process began, or took the run over. */
  readonly head: RunRecord;
  readonly repository: Pick<RunRepository, 'renew' | 'find'>;
  readonly owner: string;
  readonly clock: Clock;
  /** Others take the run over after so long without a sign of life. */
  readonly leaseMs: number;
  readonly stateOf: () => RunState;
  /** After each sign of life. */
  readonly onRenewed: () => Promise<void>;
  /** Another process owns the run now. */
  readonly onLost: () => void;
  /** How long the end is tried to be told while the store is away. */
  readonly longestAwayMs: number;
}

/** The right to work on a run, as its head tells it. Who may write is decided by the journal. */
export interface RunLease {
  readonly head: RunRecord;
  /** Tells that the run has ended. Gives up when the store is away for too long. */
  end(state: RunState): Promise<void>;
  /** Lets others take the run at once. */
  release(): Promise<void>;
}

const retryMs = 1_000;

/** Gives signs of life until the run ends, or is released. */
export function createRunLease(options: Options): RunLease {
  const { repository, owner, clock, leaseMs, stateOf, onRenewed, onLost, longestAwayMs } = options;
  let { head } = options;
  /** Until its first sign of life the head may still name the process before this one. */
  let owned = head.owner === owner;
  let over = false;
  let stopTimer = (): void => {};

  /** False: another process owns it. */
  const write = async (changes: Pick<RunRecord, 'state' | 'owner' | 'endedAt'>): Promise<boolean> => {
    for (;;) {
      const renewed = await repository.renew(head.id, head.revision, changes);
      if (renewed) {
        head = renewed;
        owned = true;
        return true;
      }
      const found = await repository.find(head.id);
      if (!found || found.endedAt !== undefined || (owned && found.owner !== owner)) return false;
      head = found;
    }
  };

  const renew = async (): Promise<void> => {
    try {
      if (await write({ state: stateOf(), owner })) await onRenewed();
      else if (!over) return onLost();
    } catch {
      // The store is away: the next time will do, and if that is too late the journal says so.
    }
    renewLater();
  };
  const renewLater = (): void => {
    if (!over) stopTimer = clock.after(leaseMs / 3, () => void (work = renew()));
  };
  let work = owned ? Promise.resolve(renewLater()) : renew();

  const stop = async (): Promise<void> => {
    over = true;
    stopTimer();
    await work;
  };

  return {
    get head() {
      return head;
    },
    async end(state) {
      await stop();
      const until = clock.now() + longestAwayMs;
      const never = new AbortController().signal;
      const endedAt = clock.wallTime();
      while (clock.now() < until) {
        try {
          await write({ state, owner, endedAt });
          return;
        } catch (thrown) {
          if (ClusterError.from(thrown).reason !== 'storage_unavailable') throw thrown;
          await pause(clock, retryMs, never);
        }
      }
    },
    async release() {
      await stop();
      await write({ state: stateOf(), owner: '' });
    },
  };
}
