import { execFile } from 'node:child_process';
import { chmod, mkdir, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { promisify } from 'node:util';
import { virtualClock } from '@tutti/testing';
import type { NewLogRecord } from '@tutti/core';
import { describe, expect, it, onTestFinished } from 'vitest';
import { systemClock } from '../../system-clock.ts';
import { storeContract } from '../contract.fixture.ts';
import { documentsContract } from '../documents-contract.fixture.ts';
import { journalContract } from '../journal-contract.fixture.ts';
import { openStore } from '../open-store.ts';
import { runsContract } from '../runs-contract.fixture.ts';
import { migrations } from './migrations.ts';
import { newFile, temporaryFile } from './sqlite.fixture.ts';

const logRetentionMs = Infinity;
const clock = systemClock;

const subject = {
  async place() {
    const { file, remove } = await temporaryFile();
    return { open: () => openStore({ file, logRetentionMs, clock }), remove };
  },
};
storeContract('sqlite', subject);
runsContract('sqlite', subject);
journalContract('sqlite', subject);
documentsContract('sqlite', subject);

describe('a store in a file', () => {
  it("is for its owner's eyes only", async () => {
    const file = await newFile();
    await openStore({ file, logRetentionMs, clock }).then((store) => store.close());
    await chmod(file, 0o644);
    const store = await openStore({ file, logRetentionMs, clock });
    onTestFinished(() => store.close());
    await store.logs.append([line('x')]);
    for (const suffix of ['', '-wal', '-shm']) expect((await stat(file + suffix)).mode & 0o777, suffix).toBe(0o600);
    expect((await stat(join(file, '..'))).mode & 0o777).toBe(0o700);
  });

  it('is opened by many processes at once', async () => {
    const file = await newFile();
    const program = `
      const { openStore } = await import(${JSON.stringify(import.meta.resolve('../open-store.ts'))});
      const clock = { now: () => 0, wallTime: Date.now, after: () => () => {} };
      const store = await openStore({ file: process.argv[1], logRetentionMs: Infinity, clock });
      const { line } = JSON.parse(process.argv[2]);
      for (let i = 0; i < 50; i++) await store.logs.append([line, line]);
      await store.close();`;
    const run = (): Promise<unknown> =>
      promisify(execFile)(process.execPath, [
        '--input-type=module',
        '-e',
        program,
        file,
        JSON.stringify({ line: line('x') }),
      ]);
    await Promise.all([run(), run(), run()]);
    const store = await openStore({ file, logRetentionMs, clock });
    onTestFinished(() => store.close());
    expect(await store.logs.query({}, { limit: 1000 })).toHaveLength(300);
  });

  it('repeats nothing to a follower', async () => {
    const store = await openStore({ file: await newFile(), logRetentionMs, clock });
    onTestFinished(() => store.close());
    await store.logs.append(['a', 'b', 'c'].map(line));
    const [, second] = await store.logs.query({}, { limit: 10 });
    const page = await store.logs.query({}, { limit: 10, after: second!.id });
    expect(page.map(({ message }) => message)).toEqual(['c']);
  });

  it('finds a rare line among so many that others get their turn meanwhile', async () => {
    const store = await openStore({ file: await newFile(), logRetentionMs, clock });
    onTestFinished(() => store.close());
    const many = Array.from({ length: 10_001 }, (_, index) => line(index === 10 ? 'needle' : 'hay'));
    await store.logs.append(many);
    let turns = 0;
    const timer = setInterval(() => turns++, 0);
    for (const page of [{ limit: 5 }, { limit: 5, after: '0000000000000000' }]) {
      const found = await store.logs.query({ text: 'needle' }, page);
      expect(found.map(({ id }) => Number(id))).toEqual([11]);
    }
    clearInterval(timer);
    expect(turns).toBeGreaterThan(1);
    expect(await store.logs.query({ text: 'hay', level: 'info' }, { limit: 20_000 })).toHaveLength(10_000);
  });

  it('deletes old lines, a few at once', async () => {
    const clock = virtualClock();
    const file = await newFile();
    const store = await openStore({ file, logRetentionMs: 3_600_000, clock });
    onTestFinished(() => store.close());
    await store.logs.append(Array.from({ length: 1200 }, () => line('old')));
    await clock.advance(3_000_000);
    await store.logs.append([line('new')]);
    await clock.advance(600_000);
    expect(await store.logs.query({}, { limit: 2000 })).toHaveLength(1201 - 500);
    await clock.advance(1000);
    expect((await store.logs.query({}, { limit: 2000 })).map(({ message }) => message)).toEqual(['new']);
    await store.close();
    expect(clock.pending).toBe(0);
  });

  it('refuses what is no database of ours, and leaves it as it is', async () => {
    const garbage = await newFile();
    await openStore({ file: garbage, logRetentionMs, clock }).then((store) => store.close());
    await writeFile(garbage, 'a letter to my aunt, which is no database at all');
    await expect(openStore({ file: garbage, logRetentionMs, clock })).rejects.toMatchObject({
      reason: 'failed_precondition',
      message: expect.stringContaining('no SQLite database'),
    });

    const foreign = await newFile();
    await openStore({ file: foreign, logRetentionMs, clock }).then((store) => store.close());
    const db = new DatabaseSync(foreign);
    db.exec('pragma user_version = 0');
    db.close();
    await expect(openStore({ file: foreign, logRetentionMs, clock })).rejects.toMatchObject({
      reason: 'failed_precondition',
      message: expect.stringContaining('another program'),
    });
  });

  it('refuses a file of a newer version', async () => {
    const file = await newFile();
    await openStore({ file, logRetentionMs, clock }).then((store) => store.close());
    const db = new DatabaseSync(file);
    db.exec('pragma user_version = 99');
    db.close();
    await expect(openStore({ file, logRetentionMs, clock })).rejects.toMatchObject({
      reason: 'failed_precondition',
      message: expect.stringMatching(/has schema 99, this version of Tutti knows \d/),
    });
  });

  it.each([1, 2])('takes a file of version %i along, with all that is in it', async (version) => {
    const file = await newFile();
    await mkdir(dirname(file));
    const db = new DatabaseSync(file);
    for (const migration of migrations.slice(0, version)) db.exec(migration);
    db.exec(`pragma user_version = ${version}`);
    db.exec("insert into logs values (1, 1, 1, 1, 'agent', '', '', 'kept', '{}')");
    db.close();
    const store = await openStore({ file, logRetentionMs, clock });
    onTestFinished(() => store.close());
    expect(await store.logs.query({}, { limit: 2 })).toMatchObject([{ message: 'kept' }]);
    await store.estimates.save([{ part: 'models', savedAt: 1, document: {} }]);
    expect(await store.estimates.load()).toHaveLength(1);
    expect(await store.runs.unfinished(1)).toEqual([]);
    expect(await store.documents.answers.list(undefined, { limit: 1 }, 0)).toEqual([]);
  });

  it('says so if it cannot be made', async () => {
    const file = join(await newFile(), 'file', 'in', 'a', 'file.db');
    await openStore({ file: join(file, '..', '..', '..'), logRetentionMs, clock }).then((store) => store.close());
    await expect(openStore({ file, logRetentionMs, clock })).rejects.toMatchObject({
      reason: 'storage_unavailable',
      message: expect.stringContaining('ENOTDIR'),
    });
  });

  it('that another process keeps busy is an error soon, and works again', async () => {
    const file = await newFile();
    const store = await openStore({ file, logRetentionMs, clock });
    onTestFinished(() => store.close());
    const other = new DatabaseSync(file);
    onTestFinished(() => other.close());
    other.exec('begin immediate');
    await expect(store.logs.append([line('x')])).rejects.toMatchObject({
      reason: 'storage_unavailable',
      message: "The store's file cannot be used: database is locked.",
    });
    other.exec('rollback');
    await store.logs.append([line('x')]);
  });
});

function line(message: string): NewLogRecord {
  return { time: 1, level: 'info', service: 'agent', node: '', requestId: '', message, fields: {} };
}
