import { ClusterError, pause, throwIfAborted, type Clock } from '@tutti/core';
import type { RunEnd, RunEntry } from '@tutti/core/patterns';
import type { LiveRun, Words } from './live-run.ts';
import type { RunArchive } from './run-archive.ts';

interface Options {
  readonly here: ReadonlyMap<string, LiveRun>;
  readonly archive: Pick<RunArchive, 'find'>;
  readonly clock: Clock;
}

/** Reads runs as they go on, whichever process works on them. */
export interface RunReader {
  /** Entries after a number, then those that come; ends with the run. */
  follow(id: string, after: number, signal: AbortSignal): AsyncGenerator<RunEntry, void>;
  /** Rejects when the signal aborts, or this process stops before the run ends. */
  ended(id: string, signal: AbortSignal): Promise<RunEnd>;
  /** What its steps say, since the beginning. A result that no step has said as the answer comes last, in one piece. */
  words(id: string, signal: AbortSignal): AsyncGenerator<Words, void>;
}

/** What other processes write is looked for so often. */
const pollMs = 250;
const batch = 500;

export function createRunReader({ here, archive, clock }: Options): RunReader {
  async function* fromHere(live: LiveRun, after: number, signal: AbortSignal): AsyncGenerator<RunEntry, void> {
    yield* live.entries.from(after, signal);
    if (live.released && !hasEnded(live.entries.items)) throw stopping();
  }

  /** What is stored now; undefined: the run has ended, and that is all. */
  const read = async (id: string, after: number): Promise<readonly RunEntry[] | undefined> => {
    const found = await archive.find(id);
    const entries = ((await found?.repository.read(id, after, batch)) ?? []) as RunEntry[];
    const isOver = !found || found.head.endedAt !== undefined;
    return isOver && entries.length === 0 ? undefined : entries;
  };

  async function* follow(id: string, after: number, signal: AbortSignal): AsyncGenerator<RunEntry, void> {
    let last = after;
    for (;;) {
      const live = here.get(id);
      const entries = live ? fromHere(live, last, signal) : await read(id, last);
      if (!entries) return;
      let found = false;
      for await (const entry of entries) {
        yield entry;
        if (entry.event.type === 'ended') return;
        last = entry.seq;
        found = true;
      }
      if (!found && !live) await pause(clock, pollMs, signal);
      throwIfAborted(signal);
    }
  }

  const ended = async (id: string, signal: AbortSignal): Promise<RunEnd> => {
    const live = here.get(id);
    const last = await live?.entries.last(signal, ({ event }) => event.type === 'ended');
    if (last?.event.type === 'ended') return last.event;
    if (live?.released) throw stopping();
    for await (const { event } of follow(id, 0, signal)) if (event.type === 'ended') return event;
    throw new ClusterError('not_found', 'The run has no end: its journal is not there any more.');
  };

  async function* spoken(id: string, signal: AbortSignal): AsyncGenerator<Words, void> {
    const live = here.get(id);
    if (live) {
      yield* live.words.from(0, signal);
      // What it says elsewhere does not go on at the same word.
      if (!hasEnded(live.entries.items)) throw stopping();
      return;
    }
    for await (const { event } of follow(id, 0, signal)) if (event.type === 'said') yield event;
  }

  return {
    follow,
    ended,
    async *words(id, signal) {
      let answered = false;
      for await (const { step, voice, text } of spoken(id, signal)) {
        answered ||= voice === 'answer';
        yield { step, voice, text };
      }
      const { result, error } = await ended(id, signal);
      if (error) throw new ClusterError(error.reason, error.message);
      if (!answered && result) yield { step: '', voice: 'answer', text: result.text };
    },
  };
}

function hasEnded(entries: readonly RunEntry[]): boolean {
  return entries.at(-1)?.event.type === 'ended';
}

function stopping(): ClusterError {
  const message = 'Another process goes on with the run; ask again in a moment.';
  return new ClusterError('draining', message, { retryAfterMs: 1_000 });
}
