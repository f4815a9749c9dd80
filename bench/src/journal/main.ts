import { join } from 'node:path';
import type { JournalEntry } from '@tutti/core';
import { systemClock } from '@tutti/runtime';
import { openStore } from '@tutti/runtime/store';
import { removeScratch, scratchFolder } from '../scratch.ts';
import { percentile } from '../statistics.ts';
import { table } from '../table.ts';

/** The median of appending one entry, in milliseconds. */
const limitMs = 1;

const appends = 5_000;
const eventBytes = 1_000;

/** Milliseconds of each append of so many entries to a run of its own. */
async function measure(batch: number): Promise<number[]> {
  const id = `run-${batch}`;
  const event = { text: 'x'.repeat(eventBytes) };
  await runs.create({ ...head, id });
  const times: number[] = [];
  for (let i = 0; i < appends; i++) {
    const entries = Array.from({ length: batch }, (_, at): JournalEntry => {
      return { seq: i * batch + at + 1, term: 1, time: 0, event };
    });
    const startedAt = performance.now();
    if (!(await runs.append(id, entries))) throw new Error('Somebody else writes this journal.');
    times.push(performance.now() - startedAt);
  }
  return times;
}

const head = { pattern: '', key: '', title: '', state: 'RUNNING', createdAt: 0, owner: '', revision: 1 } as const;
const file = join(await scratchFolder(), 'tutti.db');
const { runs, close } = await openStore({ file, logRetentionMs: Infinity, clock: systemClock });

const figures: { batch: number; times: number[] }[] = [];
for (const batch of [1, 10]) figures.push({ batch, times: await measure(batch) });
await close();
await removeScratch();

const ms = (value: number): string => `${value.toFixed(3)} ms`;
console.log(
  table([
    ['entries', 'p50', 'p99', 'longest'],
    ...figures.map(({ batch, times }) => [String(batch), ...[0.5, 0.99, 1].map((part) => ms(percentile(times, part)))]),
  ]),
);
const median = percentile(figures[0]!.times, 0.5);
if (median > limitMs) {
  console.error(`BROKEN: appending an entry takes ${ms(median)}, the limit is ${limitMs} ms.`);
  process.exitCode = 1;
}
