import type { Clock } from '@tutti/core';
import type { Database } from './database.ts';

interface Options {
  readonly database: Database;
  readonly clock: Clock;
  /** Lines of the log are deleted at this age. */
  readonly logRetentionMs: number;
}

const everyMs = 10 * 60_000;
/** Rows that are deleted before others may use the event loop: about 2 ms. */
const chunkLines = 500;
const chunkDocuments = 50;
const betweenChunksMs = 20;

/** Deletes old lines of the log and expired documents, now and then and a few at once; the returned function ends that. */
export function startRetention({ database, clock, logRetentionMs }: Options): () => void {
  const { prepare, use } = database;
  let stop = (): void => {};
  let stopped = false;

  const deleteLines = (): boolean => {
    const { changes } = prepare(
      `delete from logs where id in (select id from logs order by id limit ${chunkLines}) and stored_at <= ?`,
    ).run(clock.wallTime() - logRetentionMs);
    return changes === chunkLines;
  };

  const deleteDocuments = (): boolean => {
    const expired = `select rowid from documents where expires_at <= ? limit ${chunkDocuments}`;
    const { changes } = prepare(`delete from documents where rowid in (${expired})`).run(clock.wallTime());
    return changes === chunkDocuments;
  };

  const deleteChunk = (): boolean => {
    const moreLines = Number.isFinite(logRetentionMs) && deleteLines();
    return deleteDocuments() || moreLines;
  };

  const sweep = async (): Promise<void> => {
    // A file that is busy or full is tried again at the next round; who writes to it says so.
    const more = await use(deleteChunk).catch(() => false);
    if (!stopped) stop = clock.after(more ? betweenChunksMs : everyMs, () => void sweep());
  };

  void sweep();
  return () => {
    stopped = true;
    stop();
  };
}
