import { ClusterError, type Clock, type RunRecord, type RunRepository } from '@tutti/core';
import type { Log } from '@tutti/runtime/log';

interface Options {
  readonly repository: Pick<RunRepository, 'unfinished'>;
  readonly clock: Clock;
  readonly leaseMs: number;
  readonly isHere: (id: string) => boolean;
  /** Works on the run from now on, if nobody else is faster. */
  readonly takeOver: (head: RunRecord) => Promise<void>;
  readonly log: Log;
}

export interface Takeovers {
  close(): Promise<void>;
}

/** Runs beyond the oldest so many are looked at when some of those have ended. */
const mostWatched = 10_000;

/** Takes the runs of processes that have died: those that show no sign of life for a lease's length, on our own clock. */
export function watchForTakeovers({ repository, clock, leaseMs, isHere, takeOver, log }: Options): Takeovers {
  /** Since when each has stood at its revision. */
  let seen = new Map<string, { readonly revision: number; readonly since: number }>();
  const told = new Set<string>();
  let closed = false;
  let away = false;
  let stopTimer = (): void => {};

  /** While the store is slow or away nobody can give a sign of life. */
  const forget = (): void => void (seen = new Map());

  const tell = ({ id }: RunRecord, { reason, message }: ClusterError): void => {
    // One that stops leaves the runs to others.
    if (told.has(id) || reason === 'draining') return;
    told.add(id);
    log.warn('a run was not taken over', { run: id, reason, error: message });
  };

  const look = async (): Promise<void> => {
    const startedAt = clock.now();
    const heads = await repository.unfinished(mostWatched);
    const now = clock.now();
    if (now - startedAt > leaseMs / 3) forget();
    const others = heads.filter(({ id }) => !isHere(id));
    seen = new Map(
      others.map(({ id, revision }) => {
        const before = seen.get(id);
        return [id, before?.revision === revision ? before : { revision, since: now }];
      }),
    );
    for (const id of told) if (!seen.has(id)) told.delete(id);
    for (const head of others) {
      const { since } = seen.get(head.id)!;
      if (closed || (head.owner !== '' && now - since < leaseMs)) continue;
      try {
        await takeOver(head);
      } catch (thrown) {
        tell(head, ClusterError.from(thrown));
      }
    }
  };

  const cycle = async (): Promise<void> => {
    try {
      await look();
      away = false;
    } catch (thrown) {
      forget();
      if (!away) log.warn('runs cannot be read', { error: ClusterError.from(thrown).message });
      away = true;
    }
    if (!closed) stopTimer = clock.after(leaseMs / 3, () => void (work = cycle()));
  };

  let work = cycle();
  return {
    async close() {
      closed = true;
      stopTimer();
      await work;
    },
  };
}
