import { setImmediate } from 'node:timers/promises';
import { missingRun, storedJson, type JournalEntry, type RunRepository } from '@tutti/core';
import type { Database } from './database.ts';
import { isTaken } from './sqlite-error.ts';

/** Entries that are read before others may use the event loop: about 2 ms. */
const stepEntries = 200;

export function createJournal({ prepare, transaction, use }: Database): Pick<RunRepository, 'append' | 'read'> {
  return {
    append: (id, entries) =>
      use(() => {
        const rows = entries.map(({ seq, term, time, event }) => {
          return [id, seq, term, time, storedJson(event, `The journal entry ${seq}`)] as const;
        });
        try {
          transaction(() => {
            if (!prepare('select 1 from runs where id = ?').get(id)) throw missingRun(id);
            for (const row of rows) prepare('insert into journal values (?, ?, ?, ?, ?)').run(...row);
          });
          return true;
        } catch (error) {
          if (!isTaken(error)) throw error;
          return false;
        }
      }),
    read: (id, after, limit) =>
      use(async () => {
        const found: JournalEntry[] = [];
        const select = 'select seq, term, time, event from journal where run = ? and seq > ? order by seq limit ?';
        for (;;) {
          const step = Math.min(stepEntries, limit - found.length);
          const rows = prepare(select).all(id, found.at(-1)?.seq ?? after, step);
          found.push(...rows.map(toEntry));
          if (rows.length < step || found.length >= limit) return found;
          await setImmediate();
        }
      }),
  };
}

function toEntry(row: Record<string, unknown>): JournalEntry {
  return { ...row, event: JSON.parse(String(row['event'])) as unknown } as JournalEntry;
}
