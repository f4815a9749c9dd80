import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createMemoryRuns, type Clock, type RunRepository } from '@tutti/core';
import { systemClock } from '@tutti/runtime';
import { openStore } from '@tutti/runtime/store';
import { startMongoServer } from '@tutti/testing';
import { expect, vi } from 'vitest';

/** Where runs are kept during a test. */
export interface OpenRuns {
  readonly runs: RunRepository;
  close(): Promise<void>;
}

/** Each kind of place, and how a process comes to it; what the machine lacks stands in its name. */
export interface RunPlace {
  readonly name: string;
  readonly isMissing: boolean;
  /** SQLite file or MongoDB URI, for other processes; undefined: nobody else can come to it. */
  readonly at?: { readonly file: string; readonly mongodbUri?: string };
  open(clock?: Clock): Promise<OpenRuns>;
}

/** The places that runs are kept in, empty at first, and what takes them away again. */
export async function runPlaces(): Promise<{ readonly places: readonly RunPlace[]; remove(): Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'tutti-runs-'));
  const server = await startMongoServer();
  const missing = 'skipped' in server ? `: ${server.skipped}` : '';
  const place = (name: string, file: string, mongodbUri?: string): RunPlace => ({
    ...{ name, isMissing: mongodbUri === '', at: { file, ...(mongodbUri && { mongodbUri }) } },
    async open(clock = systemClock) {
      const store = await openStore({ file, mongodbUri, logRetentionMs: Infinity, clock });
      await steady(store.runs);
      return { runs: store.runs, close: () => store.close() };
    },
  });
  return {
    places: [
      { name: 'in memory', isMissing: false, open: async () => ({ runs: createMemoryRuns(), close: async () => {} }) },
      place('on SQLite', join(folder, 'tutti.db')),
      place(`on MongoDB${missing}`, join(folder, 'logs.db'), 'uri' in server ? server.uri : ''),
    ],
    async remove() {
      if ('stop' in server) await server.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** The stand-in for MongoDB now and then fails a write that comes while it makes an index: this waits for 20 in a row. */
async function steady(runs: RunRepository): Promise<void> {
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
