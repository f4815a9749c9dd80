import { missingPage, missingRun } from './missing-run.ts';
import type { JournalEntry, RunFilter, RunMessage, RunRecord, RunRepository } from './runs.ts';
import { storedJson } from './stored-json.ts';

interface Kept {
  head: RunRecord;
  /** By number. */
  readonly journal: Map<number, StoredEntry>;
  /** By key, in the order of arrival. */
  readonly messages: Map<string, StoredMessage>;
}

/** Text: whoever wrote it may change its object later. */
type StoredEntry = Omit<JournalEntry, 'event'> & { readonly text: string };
type StoredMessage = Omit<RunMessage, 'document'> & { readonly text: string };

/** Runs that end with the process. */
export function createMemoryRuns(): RunRepository {
  const runs = new Map<string, Kept>();

  const required = (id: string): Kept => {
    const run = runs.get(id);
    if (!run) throw missingRun(id);
    return run;
  };
  const heads = (): RunRecord[] => [...runs.values()].map(({ head }) => head);

  return {
    async create(run) {
      if (runs.has(run.id)) return false;
      runs.set(run.id, { head: { ...run }, journal: new Map(), messages: new Map() });
      return true;
    },
    async find(id) {
      return runs.get(id)?.head;
    },
    async list(filter, { limit, before }) {
      const last = before === undefined ? undefined : runs.get(before)?.head;
      if (before !== undefined && !last) throw missingPage();
      const found = heads().filter((run) => matches(run, filter) && (!last || compare(run, last) < 0));
      return found.toSorted((a, b) => compare(b, a)).slice(0, limit);
    },
    async unfinished(limit) {
      const found = heads().filter(({ endedAt }) => endedAt === undefined);
      return found.toSorted(compare).slice(0, limit);
    },
    async renew(id, expected, { state, owner, endedAt }) {
      const run = runs.get(id);
      if (run?.head.revision !== expected) return undefined;
      const { endedAt: _, ...rest } = run.head;
      run.head = { ...rest, state, owner, ...(endedAt !== undefined && { endedAt }), revision: expected + 1 };
      return run.head;
    },
    async append(id, entries) {
      const { journal } = required(id);
      for (const entry of entries.map(toStoredEntry)) {
        if (journal.has(entry.seq)) return false;
        journal.set(entry.seq, entry);
      }
      return true;
    },
    async read(id, after, limit) {
      const journal = runs.get(id)?.journal;
      const found: JournalEntry[] = [];
      for (let seq = after + 1; found.length < limit; seq++) {
        const entry = journal?.get(seq);
        if (!entry) break;
        found.push({ seq, term: entry.term, time: entry.time, event: JSON.parse(entry.text) as unknown });
      }
      return found;
    },
    async post(id, { key, time, document }) {
      const { messages } = required(id);
      const text = storedJson(document, 'The message');
      if (messages.has(key)) return false;
      messages.set(key, { key, time, text });
      return true;
    },
    async messages(id) {
      const messages = [...(runs.get(id)?.messages.values() ?? [])];
      return messages.map(({ key, time, text }) => ({ key, time, document: JSON.parse(text) as unknown }));
    },
    async removeEnded(endedBefore) {
      const ended = heads().filter(({ endedAt }) => endedAt !== undefined && endedAt < endedBefore);
      for (const { id } of ended) runs.delete(id);
      return ended.length;
    },
  };
}

function toStoredEntry({ seq, term, time, event }: JournalEntry): StoredEntry {
  return { seq, term, time, text: storedJson(event, `The journal entry ${seq}`) };
}

function matches(run: RunRecord, { key, pattern, state }: RunFilter): boolean {
  return (
    (key === undefined || run.key === key) &&
    (pattern === undefined || run.pattern === pattern) &&
    (state === undefined || run.state === state)
  );
}

/** Oldest first. */
function compare(a: RunRecord, b: RunRecord): number {
  return a.createdAt - b.createdAt || (a.id < b.id ? -1 : Number(a.id > b.id));
}
