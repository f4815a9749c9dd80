import { canonicalModel, watched, type Call, type Clock, type Generate } from '@tutti/core';
import { promptCharacters } from './prompt-characters.ts';

/** What runs on the backend, by model: how long it has been silent, and who else uses it. */
export interface Traffic {
  /** Counts the calls that pass. */
  readonly counted: (next: Generate) => Generate;
  /** Calls that run on the model now. */
  running(model: string): number;
  /** Milliseconds for which calls have waited for the model to say anything; if none runs, since it was last used. */
  silentMs(model: string): number;
  /** Milliseconds since the model last said anything; Infinity: never. */
  heardMs(model: string): number;
  /** Milliseconds for which calls that run on the model may be silent: while it reads their prompts. */
  patienceMs(model: string): number;
  /** Milliseconds that reading the call's prompt is predicted to take. */
  readingMs(call: Call): number;
  /** Returns a function that tells whether nobody but the one who asks has used the model lately, or uses it now. */
  lonely(model: string): () => boolean;
  /** Whether somebody else than the client has used the model lately, or anybody uses it now. */
  usedByOthers(model: string, client: string): boolean;
}

interface Running {
  readonly startedAt: number;
  /** Milliseconds that it may read its prompt; 0 once it has answered. */
  readingMs: number;
}

interface Entry {
  readonly running: Set<Running>;
  begun: number;
  heardAt: number;
  usedAt: number;
  /** Who used it last. */
  user: string;
  /** When anybody else did. */
  othersUsedAt: number;
  /** Measured; the slowest of late. */
  msPerCharacter: number | undefined;
}

/** Until it is measured: 50 tokens a second. */
const priorMsPerCharacter = 5;
/** Prompts that are shorter say little about speed. */
const fewestCharacters = 200;
/** So long a model counts as used after a call. */
export const lateUseMs = 5 * 60_000;
/** Models that nobody uses any more are forgotten when there are so many. */
const mostEntries = 1_000;

export function createTraffic(clock: Clock): Traffic {
  const entries = new Map<string, Entry>();

  const entryOf = (name: string): Entry => {
    const model = canonicalModel(name);
    let entry = entries.get(model);
    if (!entry) {
      if (entries.size >= mostEntries) forgetIdle();
      const never = { heardAt: -Infinity, usedAt: -Infinity, othersUsedAt: -Infinity };
      entry = { ...never, running: new Set(), begun: 0, user: '', msPerCharacter: undefined };
      entries.set(model, entry);
    }
    return entry;
  };

  const forgetIdle = (): void => {
    for (const [model, { running }] of entries) if (running.size === 0) entries.delete(model);
  };

  const noteUse = (entry: Entry, client: string): void => {
    if (entry.user !== client) entry.othersUsedAt = entry.usedAt;
    entry.user = client;
    entry.usedAt = clock.now();
  };

  const readingMs = (call: Call): number =>
    promptCharacters(call) * (entryOf(call.model).msPerCharacter ?? priorMsPerCharacter);

  return {
    counted: (next) =>
      watched((call, { client = '' }) => {
        const entry = entryOf(call.model);
        const own: Running = { startedAt: clock.now(), readingMs: readingMs(call) };
        const characters = promptCharacters(call);
        entry.running.add(own);
        entry.begun += 1;
        noteUse(entry, client);
        return {
          see({ kind }) {
            entry.heardAt = clock.now();
            if (kind.case !== 'progress') own.readingMs = 0;
            const { promptMs } = (kind.case === 'done' && kind.value.timings) || {};
            if (promptMs === undefined || characters < fewestCharacters) return;
            // Prompts in the cache take no time: only what was slow of late is believed.
            entry.msPerCharacter = Math.max(promptMs / characters, (entry.msPerCharacter ?? 0) * 0.9);
          },
          end() {
            entry.running.delete(own);
            noteUse(entry, client);
          },
        };
      }, next),
    running: (model) => entryOf(model).running.size,
    silentMs(model) {
      const { running, heardAt, usedAt } = entryOf(model);
      const since = running.size > 0 ? Math.min(...[...running].map(({ startedAt }) => startedAt)) : usedAt;
      return clock.now() - Math.max(heardAt, since);
    },
    heardMs: (model) => clock.now() - entryOf(model).heardAt,
    patienceMs: (model) => Math.max(0, ...[...entryOf(model).running].map((call) => call.readingMs)),
    readingMs,
    lonely(model) {
      const entry = entryOf(model);
      const { usedAt, begun } = entry;
      const others = entry.running.size;
      return () => others === 0 && clock.now() - usedAt >= lateUseMs && entry.begun - begun <= 1;
    },
    usedByOthers(model, client) {
      const { running, user, usedAt, othersUsedAt } = entryOf(model);
      // Whoever has no name may be anybody.
      const isLast = client !== '' && user === client;
      return running.size > 0 || clock.now() - (isLast ? othersUsedAt : usedAt) < lateUseMs;
    },
  };
}
