import { ClusterError } from '../error.ts';
import { missingPage, missingRun } from './missing-run.ts';
import type { JournalEntry, RunFilter, RunMessage, RunRecord, RunRepository } from './runs.ts';
import { storedJson } from './stored-json.ts';

interface Kept {
  head: RunRecord;
  /** By number. */
  readonly journal: Map<number, StoredEntry>;
  /** By key, in the order of arrival. */
  readonly messages: Map<string, StoredMessage>;
  /** What it takes, as an estimate. */
  bytes: number;
}

/** Text: whoever wrote it may change its object later. */
type StoredEntry = Omit<JournalEntry, 'event'> & { readonly text: string };
type StoredMessage = Omit<RunMessage, 'document'> & { readonly text: string };

interface Options {
  /** Most that all runs may take. Beyond it those that ended first are forgotten. Default: no bound. */
  readonly maxBytes?: number;
}

/** A head, or an entry beside its text. */
const recordBytes = 512;
/** What a character of a text takes at most in memory. */
const characterBytes = 2;
/** Texts up to this are taken of a run that goes on though there is no room: it must be able to tell its end. */
const smallBytes = 32_768;
const fullRetryMs = 5_000;

/** Runs that end with the process. Writes throw `overloaded` when those that go on fill the room. */
export function createMemoryRuns({ maxBytes = Infinity }: Options = {}): RunRepository {
  const runs = new Map<string, Kept>();
  /** Ids of those that have ended, in the order of their ends. */
  const ended = new Set<string>();
  let total = 0;

  const remove = (id: string): void => {
    total -= runs.get(id)?.bytes ?? 0;
    runs.delete(id);
    ended.delete(id);
  };

  const noteEnd = ({ id, endedAt }: RunRecord): void => {
    if (endedAt === undefined) ended.delete(id);
    else ended.add(id);
  };

  /** False: runs that go on leave no room, though all others but this one have gone. */
  const makeRoom = (id: string, bytes: number): boolean => {
    for (const other of ended) {
      if (total + bytes <= maxBytes) break;
      if (other !== id) remove(other);
    }
    return total + bytes <= maxBytes;
  };

  const grow = (run: Kept, bytes: number): void => {
    run.bytes += bytes;
    total += bytes;
  };

  /** Room for something more of a run; one that finds none at its beginning leaves nothing behind. */
  const reserve = ({ head: { id }, journal }: Kept, bytes: number): void => {
    if (makeRoom(id, bytes) || (journal.size > 0 && bytes <= smallBytes)) return;
    if (journal.size === 0) remove(id);
    throw full(maxBytes);
  };

  const required = (id: string): Kept => {
    const run = runs.get(id);
    if (!run) throw missingRun(id);
    return run;
  };
  const heads = (): RunRecord[] => [...runs.values()].map(({ head }) => head);

  return {
    async create(run) {
      if (runs.has(run.id)) return false;
      if (!makeRoom(run.id, recordBytes)) throw full(maxBytes);
      const kept: Kept = { head: { ...run }, journal: new Map(), messages: new Map(), bytes: 0 };
      runs.set(run.id, kept);
      noteEnd(run);
      grow(kept, recordBytes);
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
      noteEnd(run.head);
      return run.head;
    },
    async append(id, entries) {
      const run = required(id);
      const { journal } = run;
      const stored = entries.map(toStoredEntry);
      reserve(
        run,
        stored.reduce((sum, { text }) => sum + bytesOf(text), 0),
      );
      for (const entry of stored) {
        if (journal.has(entry.seq)) return false;
        journal.set(entry.seq, entry);
        grow(run, bytesOf(entry.text));
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
      const run = required(id);
      const { messages } = run;
      const text = storedJson(document, 'The message');
      if (messages.has(key)) return false;
      reserve(run, bytesOf(text));
      grow(run, bytesOf(text));
      messages.set(key, { key, time, text });
      return true;
    },
    async messages(id) {
      const messages = [...(runs.get(id)?.messages.values() ?? [])];
      return messages.map(({ key, time, text }) => ({ key, time, document: JSON.parse(text) as unknown }));
    },
    async removeEnded(endedBefore) {
      const old = heads().filter(({ endedAt }) => endedAt !== undefined && endedAt < endedBefore);
      for (const { id } of old) remove(id);
      return old.length;
    },
  };
}

function bytesOf(text: string): number {
  return recordBytes + text.length * characterBytes;
}

function full(maxBytes: number): ClusterError {
  const message = `The runs that go on and that only this process keeps fill their ${maxBytes} bytes. Try again later.`;
  return new ClusterError('overloaded', message, { retryAfterMs: fullRetryMs });
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
