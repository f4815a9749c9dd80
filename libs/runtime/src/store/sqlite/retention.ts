import type { Clock } from '@tutti/core';
import type { Database } from './database.ts';

interface Options {
  readonly database: Database;
  readonly clock: Clock;
  /** Lines of this age are deleted. */
  readonly retentionMs: number;
}

const everyMs = 10 * 60_000;
/** Lines that are deleted before others may use the event loop: about 2 ms. */
const chunkLines = 500;
const betweenChunksMs = 20;

/** Deletes old lines of the log, from time to time and a few at once; the returned function ends that. */
export function startRetention({ database, clock, retentionMs }: Options): () => void {
  const { prepare, use } = database;
  let stop = (): void => {};
  let stopped = false;

  const deleteChunk = (): Promise<boolean> =>
    use(() => {
      const { changes } = prepare(
        `delete from logs where id in (select id from logs order by id limit ${chunkLines}) and stored_at <= ?`,
      ).run(clock.wallTime() - retentionMs);
      return changes === chunkLines;
    });

  const sweep = async (): Promise<void> => {
    // A file that is busy or full is tried again at the next round; who writes to it says so.
    const more = await deleteChunk().catch(() => false);
    if (!stopped) stop = clock.after(more ? betweenChunksMs : everyMs, () => void sweep());
  };

  if (Number.isFinite(retentionMs)) void sweep();
  return () => {
    stopped = true;
    stop();
  };
}
