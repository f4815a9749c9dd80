import { ClusterError } from '../error.ts';
import type { RunEntry, RunEvent } from './run-event.ts';

/** Where a run's events go. */
export interface Journal {
  /** Resolves when they are kept; rejects with a ClusterError when they cannot be, or another process owns the run. */
  append(events: readonly RunEvent[]): Promise<readonly RunEntry[]>;
}

/** Writes events in order, and tells of each when it is kept. */
export interface JournalWriter {
  /** `kept` runs when the event is stored, after those before it have been told of and what they led to has settled. */
  push(event: RunEvent, kept?: (entry: RunEntry) => void): void;
  /** Resolves when everything pushed so far is kept and told. */
  flush(): Promise<void>;
  /** Writes nothing more. */
  close(): void;
}

interface Options {
  readonly journal: Journal;
  /** Resolves when everything that can go on without an event from outside has gone on. */
  readonly turn: () => Promise<void>;
  /** Nothing more is written, or told, after this. */
  readonly onFailure: (error: ClusterError) => void;
}

export function createJournalWriter({ journal, turn, onFailure }: Options): JournalWriter {
  let waiting: { event: RunEvent; kept: ((entry: RunEntry) => void) | undefined }[] = [];
  let writing: Promise<void> | undefined;
  let closed = false;

  const write = async (): Promise<void> => {
    while (waiting.length > 0 && !closed) {
      const batch = waiting;
      waiting = [];
      try {
        const entries = await journal.append(batch.map(({ event }) => event));
        for (const [index, { kept }] of batch.entries()) {
          if (!kept) continue;
          kept(entries[index]!);
          await turn();
        }
      } catch (thrown) {
        closed = true;
        onFailure(ClusterError.from(thrown));
      }
    }
    writing = undefined;
  };

  return {
    push(event, kept) {
      if (closed) return;
      waiting.push({ event, kept });
      writing ??= Promise.resolve().then(write);
    },
    flush: async () => {
      while (writing) await writing;
    },
    close() {
      closed = true;
    },
  };
}
