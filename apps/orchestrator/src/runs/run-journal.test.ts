import { expect, it } from 'vitest';
import { ClusterError, createMemoryRuns, type JournalEntry } from '@tutti/core';
import type { RunEntry, RunEvent } from '@tutti/core/patterns';
import { virtualClock } from '@tutti/testing';
import { createRunJournal } from './run-journal.ts';

const id = 'run';
const longestAwayMs = 60_000;
const away = () => new ClusterError('storage_unavailable', 'The store does not answer.');
const note = (text: string): RunEvent => ({ type: 'noted', note: { kind: 'test', text } });

/** A journal whose writes fail as the test says: before they are done, or after. */
async function startJournal() {
  const clock = virtualClock();
  const store = createMemoryRuns();
  await store.create({
    id,
    pattern: 'p',
    key: 'k',
    title: '',
    state: 'RUNNING',
    createdAt: 0,
    owner: 'a',
    revision: 1,
  });
  const faults: ('before' | 'after' | undefined)[] = [];
  const append = async (run: string, entries: readonly JournalEntry[]): Promise<boolean> => {
    const fault = faults.shift();
    if (fault === 'before') throw away();
    const done = await store.append(run, entries);
    if (fault === 'after') throw away();
    return done;
  };
  const kept: RunEntry[] = [];
  let lost = 0;
  const journal = createRunJournal({
    ...{ id, repository: { append, read: store.read }, term: 1, last: 0, clock, longestAwayMs },
    onKept: (entries) => void kept.push(...entries),
    onLost: () => void (lost += 1),
  });
  const texts = async (): Promise<string[]> =>
    (await store.read(id, 0, 99)).map(
      ({ seq, term, event }) => `${seq} ${term} ${(event as { note: { text: string } }).note.text}`,
    );
  return { clock, store, faults, kept, journal, texts, lost: () => lost };
}

it('keeps what the store does not take, and writes it in order when it is back', async () => {
  const { clock, faults, kept, journal, texts } = await startJournal();
  await journal.append([note('a')]);
  faults.push('before', 'before', 'before');
  await journal.append([note('b'), note('c')]);
  await journal.append([note('d')]);
  expect(await texts()).toEqual(['1 1 a']);
  expect(kept.map(({ seq }) => seq)).toEqual([1, 2, 3, 4]);
  const stored = journal.stored();
  await clock.advance(3_000);
  expect(await stored).toBe(true);
  await journal.append([note('e')]);
  expect(await texts()).toEqual(['1 1 a', '2 1 b', '3 1 c', '4 1 d', '5 1 e']);
});

it('writes nothing twice that was written although the store said it was away', async () => {
  const { clock, faults, journal, texts, lost } = await startJournal();
  faults.push('after');
  await journal.append([note('a'), note('b')]);
  await journal.append([note('c')]);
  await clock.advance(1_000);
  expect(await texts()).toEqual(['1 1 a', '2 1 b', '3 1 c']);
  expect(lost()).toBe(0);
});

it('ends when another process writes, now or while the store was away', async () => {
  for (const fault of [undefined, 'before'] as const) {
    const { clock, store, faults, journal, texts, lost } = await startJournal();
    await journal.append([note('a')]);
    await store.append(id, [{ seq: 2, term: 2, time: 0, event: note('theirs') }]);
    faults.push(fault);
    const appended = journal.append([note('mine')]);
    if (fault) await appended;
    else await expect(appended).rejects.toMatchObject({ reason: 'failed_precondition' });
    await clock.advance(1_000);
    expect(lost()).toBe(1);
    expect(await journal.stored()).toBe(false);
    await expect(journal.append([note('more')])).rejects.toMatchObject({ reason: 'failed_precondition' });
    expect(await texts()).toEqual(['1 1 a', '2 2 theirs']);
  }
});

it('gives up when the store is away for too long, and what is too large', async () => {
  const { clock, faults, journal, texts } = await startJournal();
  await expect(journal.append([note('x'.repeat(9_000_000))])).rejects.toMatchObject({ reason: 'too_large' });
  await journal.append([note('a')]);
  faults.push(...Array.from({ length: 100 }, () => 'before' as const));
  await journal.append([note('b')]);
  await clock.advance(longestAwayMs + 2_000);
  expect(await journal.stored()).toBe(false);
  await expect(journal.append([note('c')])).rejects.toMatchObject({ reason: 'storage_unavailable' });
  expect(await texts()).toEqual(['1 1 a']);
});
