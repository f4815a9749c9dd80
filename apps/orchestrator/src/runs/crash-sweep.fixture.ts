import { localPrincipal, Priority, Privacy, ticketMachine, type JournalEntry, type RunRepository } from '@tutti/core';
import { patterns, type AvailableModel, type JsonObject, type RunEntry } from '@tutti/core/patterns';
import { systemClock as clock } from '@tutti/runtime';
import { createLog } from '@tutti/runtime/log';
import { scriptedModels, syntheticQuestions } from '@tutti/testing';
import { expect } from 'vitest';
import { createRuns, type Runs } from './runs.ts';

const leaseMs = 60;
const { signal } = new AbortController();
const log = createLog({ service: 'test', level: 'silent' });
const names = ['m1', 'm2', 'm3', 'm4', 'm5'];
const facts = { resident: true, sizeBytes: 1e9, contextLength: 8_192, family: 'f', capabilities: ['completion'] };
const models: readonly AvailableModel[] = names.map((name) => ({ name, ...facts }));
const questions = syntheticQuestions({ count: 1, seed: 1 });
const query = questions[0]!.text;

const generate = scriptedModels({
  models: names.map((name) => ({ name, accuracy: 0.6, latencyMs: 2, tokenMs: 0, plans: true })),
  ...{ questions, seed: 3, clock },
});

export const crashCases: readonly (readonly [pattern: keyof typeof patterns, body: JsonObject])[] = [
  ['ensemble', { query, models: names, ensembleSize: 5, strategy: 'vote' }],
  ['maestro', { query }],
];

/** A process; what it asked of models. */
function startHost(repository: RunRepository, orchestratorId: string): { runs: Runs; asked: string[] } {
  const asked: string[] = [];
  const runs = createRuns({
    ...{ repository, patterns, clock, log, leaseMs, orchestratorId },
    generate(call, context) {
      asked.push(context.requestId);
      return generate(call, context);
    },
    models: () => models,
    isResident: () => true,
    nextTicket: ticketMachine(),
    enter: () => () => {},
    reenter: () => () => {},
    isFull: () => false,
  });
  return { runs, asked };
}

/** The store as a process sees it that dies when the journal has so many entries: nothing comes back after that. */
function dyingAt(limit: number, repository: RunRepository): { repository: RunRepository; died: Promise<void> } {
  const death = Promise.withResolvers<void>();
  const never = new Promise<never>(() => {});
  let kept = 0;
  let dead = false;
  const append = async (id: string, entries: readonly JournalEntry[]): Promise<boolean> => {
    const room = entries.slice(0, limit - kept);
    kept += room.length;
    dead = kept === limit;
    const done = room.length === 0 || (await repository.append(id, room));
    if (!dead) return done;
    death.resolve();
    return never;
  };
  const others = Object.entries(repository).map(([name, method]) => [
    name,
    (...args: readonly unknown[]) => (dead ? never : (method as (...all: readonly unknown[]) => unknown)(...args)),
  ]);
  return { repository: { ...(Object.fromEntries(others) as RunRepository), append }, died: death.promise };
}

const caller = { principal: localPrincipal, priority: Priority.DEFAULT, privacy: Privacy.CLUSTER, hops: 0 };

async function readAll(store: RunRepository, id: string): Promise<readonly RunEntry[]> {
  return (await store.read(id, 0, 1_000)) as RunEntry[];
}

/**
 * Ends the process of a run at every place of its journal, and lets another go on with it: the end must be the same, and
 * no call that was answered be made again. Returns how many places there were.
 */
export async function crashSweep(store: RunRepository, pattern: string, body: JsonObject): Promise<number> {
  const whole = startHost(store, 'whole');
  const run = await whole.runs.start({ id: `${pattern}-whole`, pattern, body, caller });
  const expected = await run.ended(signal);
  await whole.runs.close();
  // A store that was away for a moment has the last of it later.
  await expect.poll(async () => (await readAll(store, run.id)).at(-1)?.event.type, { timeout: 10_000 }).toBe('ended');
  const { length } = await readAll(store, run.id);
  for (let limit = 1; limit < length; limit++) {
    const id = `${pattern}-at-${limit}`;
    const mortal = dyingAt(limit, store);
    const first = startHost(mortal.repository, 'first');
    void first.runs.start({ id, pattern, body, caller });
    await mortal.died;
    const entries = await readAll(store, id);
    const answered = new Set(entries.flatMap(({ event }) => (event.type === 'answered' ? [event.step] : [])));
    const second = startHost(store, 'second');
    try {
      const again = await second.runs.start({ id, pattern, body, caller });
      const { state, result } = await again.ended(signal);
      expect({ state, text: result?.text }, `a crash at ${limit}`).toEqual({
        state: expected.state,
        text: expected.result?.text,
      });
      const repeated = second.asked.filter((requestId) => answered.has(requestId.slice(id.length + 1)));
      expect(repeated, `a crash at ${limit}`).toEqual([]);
    } finally {
      await second.runs.close();
    }
  }
  return length;
}
