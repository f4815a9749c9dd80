import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { DatabaseSync } from 'node:sqlite';
import type { DocumentRecord, JournalEntry, RunRecord, Store } from '@tutti/core';
import { seededRandom, virtualClock } from '@tutti/testing';
import { expect, it, onTestFinished } from 'vitest';
import { systemClock } from '../../system-clock.ts';
import { openStore } from '../open-store.ts';
import { newFile } from './sqlite.fixture.ts';

const run: RunRecord = {
  id: 'r1',
  pattern: 'debate',
  key: 'k1',
  title: '',
  state: 'RUNNING',
  createdAt: 1,
  owner: 'o1',
  revision: 1,
};

/** Once it is told to go, appends three entries at a time until the journal is full, and says the number of each last one. */
const program = `
  const [file, term, full] = process.argv.slice(1);
  const { openStore } = await import(${JSON.stringify(import.meta.resolve('../open-store.ts'))});
  const clock = { now: () => 0, wallTime: Date.now, after: () => () => {} };
  const { runs, close } = await openStore({ file, logRetentionMs: Infinity, clock });
  const entry = (seq) => ({ seq, term: Number(term), time: seq, event: 'x'.repeat((seq * 7919) % 100_000) });
  console.log('ready');
  await new Promise((resolve) => process.stdin.once('data', resolve).once('end', resolve));
  for (let last = 0; ; ) {
    last = (await runs.read('r1', last, 1e6)).at(-1)?.seq ?? last;
    if (last >= Number(full)) break;
    if (await runs.append('r1', [1, 2, 3].map((next) => entry(last + next)))) console.log(last + 3);
  }
  await close();
  process.stdin.destroy();`;

interface Writer {
  readonly child: ChildProcess;
  /** Numbers of the entries that it says are stored. */
  readonly said: number[];
  readonly ended: Promise<unknown>;
}

async function startWriter(file: string, term: number, full: number): Promise<Writer> {
  const args = ['--input-type=module', '-e', program, file, `${term}`, `${full}`];
  const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  child.stdin.on('error', () => {});
  const lines = createInterface({ input: child.stdout });
  const ended = Promise.all([once(child, 'exit'), once(lines, 'close')]);
  const said: number[] = [];
  await once(lines, 'line');
  lines.on('line', (line) => said.push(Number(line)));
  return { child, said, ended };
}

async function open(file: string, clock = systemClock): Promise<Store> {
  const store = await openStore({ file, logRetentionMs: Infinity, clock });
  onTestFinished(() => store.close());
  return store;
}

it('a journal has no gap and no half of a batch after its writer was killed, and all that was said to be stored', async () => {
  const seed = 1;
  const random = seededRandom(seed);
  const file = await newFile();
  const store = await open(file);
  await store.runs.create(run);
  for (let term = 1; term <= 4; term++) {
    const { child, said, ended } = await startWriter(file, term, Infinity);
    child.stdin?.write('go');
    const enough = 1 + Math.floor(random() * 60);
    await expect.poll(() => said.length, { interval: 1, timeout: 20_000 }).toBeGreaterThan(enough);
    child.kill('SIGKILL');
    await ended;
    const entries = await store.runs.read(run.id, 0, 1e6);
    expect(entries.length % 3, `seed ${seed}`).toBe(0);
    expect(entries.length, `seed ${seed}`).toBeGreaterThanOrEqual(said.at(-1)!);
    expectWhole(entries);
  }
});

it('a journal that three processes want to write has each number once', async () => {
  const full = 600;
  const file = await newFile();
  const store = await open(file);
  await store.runs.create(run);
  const writers = await Promise.all([1, 2, 3].map((term) => startWriter(file, term, full)));
  for (const { child } of writers) child.stdin?.write('go');
  await Promise.all(writers.map(({ ended }) => ended));
  const said = writers.flatMap(({ said }) => said).toSorted((a, b) => a - b);
  expect(said).toEqual(Array.from({ length: full / 3 }, (_, index) => 3 * (index + 1)));
  const entries = await store.runs.read(run.id, 0, 1e6);
  expect(entries).toHaveLength(full);
  expectWhole(entries);
});

it('a long journal is read and forgotten while others get their turn', async () => {
  const file = await newFile();
  const { runs } = await open(file);
  await runs.create(run);
  const entries = Array.from({ length: 5000 }, (_, index) => ({ seq: index + 1, term: 1, time: 1, event: 'x' }));
  await runs.append(run.id, entries);
  await runs.post(run.id, { key: 'cancel', time: 1, document: '' });
  let turns = 0;
  const timer = setInterval(() => turns++, 0);
  onTestFinished(() => clearInterval(timer));
  expect(await runs.read(run.id, 0, 1e6)).toStrictEqual(entries);
  expect(turns).toBeGreaterThan(1);
  turns = 0;
  await runs.renew(run.id, 1, { state: 'COMPLETED', owner: '', endedAt: 2 });
  expect(await runs.removeEnded(3)).toBe(1);
  expect(turns).toBeGreaterThan(1);
  expect(rowsOf(file, 'runs', 'journal', 'messages')).toEqual([0, 0, 0]);
});

it('nothing is written to a run that is not there', async () => {
  const file = await newFile();
  const { runs } = await open(file);
  const entry: JournalEntry = { seq: 1, term: 1, time: 1, event: '' };
  await expect(runs.append('gone', [entry])).rejects.toMatchObject({ reason: 'not_found' });
  await expect(runs.post('gone', { key: 'k', time: 1, document: '' })).rejects.toMatchObject({ reason: 'not_found' });
  expect(rowsOf(file, 'journal', 'messages')).toEqual([0, 0]);
});

it('expired documents are deleted, a few at once, and no others', async () => {
  const clock = virtualClock();
  const file = await newFile();
  const { documents, close } = await open(file, clock);
  const at = clock.wallTime();
  const record: DocumentRecord = { id: '', key: 'k1', revision: 1, createdAt: at, updatedAt: at, document: '' };
  await documents.answers.add({ ...record, id: 'lasting' });
  await documents.answers.add({ ...record, id: 'later', expiresAt: at + 3_600_000 });
  for (let i = 0; i < 120; i++) {
    await documents[i % 2 ? 'answers' : 'responses'].add({ ...record, id: `${i}`, expiresAt: at + 1000 });
  }
  await clock.advance(600_000);
  expect(rowsOf(file, 'documents')).toEqual([122 - 50]);
  await clock.advance(1000);
  expect(rowsOf(file, 'documents')).toEqual([2]);
  expect(await documents.answers.find('later', at)).toBeDefined();
  await close();
  expect(clock.pending).toBe(0);
});

/** Without gaps, and each batch as its writer wrote it. */
function expectWhole(entries: readonly JournalEntry[]): void {
  for (const [index, { seq, term, event }] of entries.entries()) {
    expect(seq).toBe(index + 1);
    expect(term).toBe(entries[index - (index % 3)]?.term);
    expect(String(event)).toHaveLength((seq * 7919) % 100_000);
  }
}

function rowsOf(file: string, ...tables: string[]): number[] {
  const db = new DatabaseSync(file);
  try {
    return tables.map((table) => Number(db.prepare(`select count(*) as rows from ${table}`).get()?.['rows']));
  } finally {
    db.close();
  }
}
