import { ClusterError, type Clock, type EstimatesRecord, type EstimatesRepository } from '@tutti/core';
import type { Log } from '@tutti/runtime/log';

/** What has been learnt, in parts that can be kept: plain JSON. */
interface Learnt {
  exported(): ReadonlyMap<string, unknown>;
  /** What cannot be read is ignored. */
  restore(part: string, document: unknown): void;
}

interface Options {
  readonly estimates: Learnt;
  readonly repository: EstimatesRepository;
  readonly clock: Clock;
  readonly log: Log;
}

export interface LearntKeeper {
  /** Saves a last time. */
  close(): Promise<void>;
}

const saveEveryMs = 60_000;

/**
 * Restores what was learnt before, and saves what is new each minute. Nothing waits for it: while the store is away,
 * learning goes on.
 */
export function keepLearnt({ estimates, repository, clock, log }: Options): LearntKeeper {
  /** The text of each part as the store has it. */
  const stored = new Map<string, string>();
  let restored = false;
  let away = false;
  let stop = (): void => {};

  const texts = (): [part: string, text: string][] =>
    [...estimates.exported()].map(([part, document]) => [part, JSON.stringify(document)]);

  const restore = async (): Promise<void> => {
    const records = await repository.load();
    restored = true;
    // If the store was away at first, this takes the place of what was learnt meanwhile, which is less.
    for (const { part, document } of records) estimates.restore(part, document);
    const kept = new Set(records.map(({ part }) => part));
    for (const [part, text] of texts()) if (kept.has(part)) stored.set(part, text);
    if (kept.size > 0) log.info('what was learnt before is restored', { parts: kept.size });
  };

  const save = async (): Promise<void> => {
    const changed = texts().filter(([part, text]) => stored.get(part) !== text);
    if (changed.length === 0) return;
    const savedAt = clock.wallTime();
    const records = changed.map(([part, text]): EstimatesRecord => ({ part, savedAt, document: JSON.parse(text) }));
    await repository.save(records);
    for (const [part, text] of changed) stored.set(part, text);
  };

  const run = async (): Promise<void> => {
    try {
      if (!restored) await restore();
      await save();
      away = false;
    } catch (thrown) {
      const { message } = ClusterError.from(thrown);
      if (!away) log.warn('what is learnt is not saved', { error: message });
      away = true;
    }
  };

  /** The next save comes a minute after the end of this one. */
  const cycle = async (): Promise<void> => {
    await run();
    stop = clock.after(saveEveryMs, () => void (work = cycle()));
  };

  let work = cycle();
  return {
    async close() {
      stop();
      await work;
      stop();
      await run();
    },
  };
}
