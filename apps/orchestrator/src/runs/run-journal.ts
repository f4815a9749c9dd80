import { ClusterError, type Clock, type RunRepository } from '@tutti/core';
import type { Journal, RunEntry, RunEvent } from '@tutti/core/patterns';

interface Options {
  readonly id: string;
  readonly repository: Pick<RunRepository, 'append' | 'read'>;
  /** Of the claim under which this process writes. */
  readonly term: number;
  /** Number of the last entry that is stored. */
  readonly last: number;
  readonly clock: Clock;
  /** While the store is away entries are kept in memory: for so long. */
  readonly longestAwayMs: number;
  /** Told of entries once they are stored, or kept while the store is away. */
  readonly onKept: (entries: readonly RunEntry[]) => void;
  /** Another process writes this journal now. */
  readonly onLost: () => void;
}

/** The journal of a run that this process works on. */
export interface RunJournal extends Journal {
  /** Resolves when all that was appended is stored, or never will be: false. */
  stored(): Promise<boolean>;
  /** Writes nothing more. */
  close(): void;
}

const retryMs = 1_000;

/** Writes under one term: an entry that another process wrote ends it. Without the store, a run goes on from memory. */
export function createRunJournal(options: Options): RunJournal {
  const { id, repository, term, clock, longestAwayMs, onKept, onLost } = options;
  let seq = options.last;
  let stored = options.last;
  let unstored: RunEntry[] = [];
  let state: 'open' | 'lost' | 'closed' = 'open';
  let away: { readonly since: number; readonly over: PromiseWithResolvers<void> } | undefined;
  let stopTimer = (): void => {};

  const end = (how: 'lost' | 'closed'): void => {
    if (state !== 'open') return;
    state = how;
    stopTimer();
    away?.over.resolve();
    if (how === 'lost') onLost();
  };

  const isOver = (): boolean => state !== 'open';

  const write = async (): Promise<void> => {
    const batch = [...unstored];
    if (!(await repository.append(id, batch))) return end('lost');
    unstored = unstored.slice(batch.length);
    stored += batch.length;
  };

  /** A write that failed may have been done all the same. */
  const settle = async (): Promise<void> => {
    const found = (await repository.read(id, stored, unstored.length)) as RunEntry[];
    if (found.some((entry) => entry.term !== term)) return end('lost');
    unstored = unstored.slice(found.length);
    stored += found.length;
  };

  const retry = async (): Promise<void> => {
    try {
      await settle();
      while (unstored.length > 0 && state === 'open') await write();
      away?.over.resolve();
      away = undefined;
    } catch {
      if (clock.now() - away!.since > longestAwayMs) end('closed');
      else retryLater();
    }
  };
  const retryLater = (): void => {
    if (state === 'open') stopTimer = clock.after(retryMs, () => void retry());
  };

  const writeOrKeep = async (): Promise<void> => {
    try {
      await write();
    } catch (thrown) {
      const error = ClusterError.from(thrown);
      if (error.reason !== 'storage_unavailable') {
        unstored = [];
        seq = stored;
        throw error;
      }
      away = { since: clock.now(), over: Promise.withResolvers() };
      retryLater();
    }
  };

  return {
    async append(events: readonly RunEvent[]) {
      if (state !== 'open') throw refusal(state);
      const entries = events.map((event): RunEntry => ({ seq: ++seq, term, time: clock.wallTime(), event }));
      unstored.push(...entries);
      if (!away) await writeOrKeep();
      if (isOver()) throw refusal(state);
      onKept(entries);
      return entries;
    },
    async stored() {
      await away?.over.promise;
      return unstored.length === 0;
    },
    close: () => end('closed'),
  };
}

function refusal(state: 'open' | 'lost' | 'closed'): ClusterError {
  if (state === 'lost') return new ClusterError('failed_precondition', 'Another process works on the run now.');
  return new ClusterError('storage_unavailable', 'The run is not kept any more: the store was away for too long.');
}
