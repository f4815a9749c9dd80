import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  localPrincipal,
  patterns,
  Priority,
  Privacy,
  ticketMachine,
  type AvailableModel,
  type JsonObject,
  type JournalEntry,
  type RunEntry,
  type RunRepository,
  type Store,
} from '@tutti/core';
import { systemClock as clock } from '@tutti/runtime';
import { createLog } from '@tutti/runtime/log';
import { openStore } from '@tutti/runtime/store';
import { scriptedModels, startMongoServer, syntheticQuestions } from '@tutti/testing';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
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

const cases: readonly (readonly [pattern: keyof typeof patterns, body: JsonObject])[] = [
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

async function readAll({ runs }: Store, id: string): Promise<readonly RunEntry[]> {
  return (await runs.read(id, 0, 1_000)) as RunEntry[];
}

async function sweep(store: Store, pattern: string, body: JsonObject): Promise<number> {
  const whole = startHost(store.runs, 'whole');
  const run = await whole.runs.start({ id: `${pattern}-whole`, pattern, body, caller });
  const expected = await run.ended(signal);
  await whole.runs.close();
  // A store that was away for a moment has the last of it later.
  await expect.poll(async () => (await readAll(store, run.id)).at(-1)?.event.type, { timeout: 10_000 }).toBe('ended');
  const { length } = await readAll(store, run.id);
  for (let limit = 1; limit < length; limit++) {
    const id = `${pattern}-at-${limit}`;
    const mortal = dyingAt(limit, store.runs);
    const first = startHost(mortal.repository, 'first');
    void first.runs.start({ id, pattern, body, caller });
    await mortal.died;
    const entries = await readAll(store, id);
    const answered = new Set(entries.flatMap(({ event }) => (event.type === 'answered' ? [event.step] : [])));
    const second = startHost(store.runs, 'second');
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

/** The stand-in for MongoDB now and then fails a write that comes while it makes an index: this waits for 20 in a row. */
async function steady({ runs }: Store): Promise<void> {
  let kept = 0;
  const write = async (): Promise<number> => {
    const id = randomUUID();
    const head = { id, pattern: '', key: '', title: '', state: 'COMPLETED', owner: '', revision: 1 } as const;
    const entry = { seq: 1, term: 1, time: 0, event: {} };
    const done = (await runs.create({ ...head, createdAt: 0, endedAt: 0 })) && (await runs.append(id, [entry]));
    kept = done ? kept + 1 : 0;
    return kept;
  };
  const written = () => write().catch(() => (kept = 0));
  await vi.waitFor(async () => expect(await written()).toBe(20), { timeout: 30_000, interval: 25 });
}

const folder = mkdtempSync(join(tmpdir(), 'tutti-crash-'));
const common = { file: join(folder, 'tutti.db'), logRetentionMs: Infinity, clock };
const server = await startMongoServer();
const missing = 'skipped' in server ? `: ${server.skipped}` : '';
const places = [
  { name: 'on SQLite', mongodbUri: undefined, isMissing: false },
  { name: `on MongoDB${missing}`, mongodbUri: 'uri' in server ? server.uri : '', isMissing: missing !== '' },
];

describe.each(places)('$name', ({ mongodbUri, isMissing }) => {
  let store: Store;
  beforeAll(async () => {
    if (isMissing) return;
    store = await openStore({ ...common, mongodbUri });
    await steady(store);
  }, 60_000);
  afterAll(() => (isMissing ? undefined : store.close()));

  test.skipIf(isMissing).each(cases)(
    '%s ends the same after a crash at any place of its journal',
    { timeout: 120_000 },
    async (...one) => {
      expect(await sweep(store, ...one)).toBeGreaterThan(10);
    },
  );
});

afterAll(async () => {
  if ('stop' in server) await server.stop();
  rmSync(folder, { recursive: true, force: true });
});
