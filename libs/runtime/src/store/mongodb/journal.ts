import { storedJson, type JournalEntry, type RunRepository } from '@tutti/core';
import type { Connection } from './connection.ts';
import { isDuplicate } from './mongodb-error.ts';
import { schemaVersion, type Versioned } from './schema.ts';

export interface EntryDocument extends Omit<JournalEntry, 'seq' | 'event'>, Versioned {
  /** Unique by its nature: two cannot write the same entry. */
  readonly _id: { readonly run: string; readonly seq: number };
  /** Text: names of fields are the pattern's, and MongoDB has its own ideas of them. */
  readonly event: string;
}

/** One document an entry. */
export function createJournal({ use }: Connection): Pick<RunRepository, 'append' | 'read'> {
  const collection = 'journal';
  return {
    append: (id, entries) =>
      use<EntryDocument, boolean>(collection, async (journal) => {
        const documents = entries.map((entry) => toDocument(id, entry));
        if (documents.length === 0) return true;
        try {
          await journal.insertMany(documents);
          return true;
        } catch (error) {
          if (!isDuplicate(error)) throw error;
          return false;
        }
      }),
    read: (id, after, limit) =>
      use<EntryDocument, JournalEntry[]>(collection, async (journal) => {
        // MongoDB takes 0 for all.
        if (limit === 0) return [];
        const found = journal.find({ '_id.run': { $eq: id }, '_id.seq': { $gt: after }, schemaVersion });
        return (await found.sort({ '_id.seq': 1 }).limit(limit).toArray()).map(toEntry);
      }),
  };
}

function toDocument(run: string, { seq, term, time, event }: JournalEntry): EntryDocument {
  return { _id: { run, seq }, schemaVersion, term, time, event: storedJson(event, `The journal entry ${seq}`) };
}

function toEntry({ _id, term, time, event }: EntryDocument): JournalEntry {
  return { seq: _id.seq, term, time, event: JSON.parse(event) as unknown };
}
