import { inspect } from 'node:util';
import { MongoServerError, type Db } from 'mongodb';
import type { DocumentRecord, NewLogRecord, RunRecord } from '@tutti/core';
import { virtualClock } from '@tutti/testing';
import { describe, expect, it, onTestFinished } from 'vitest';
import { systemClock } from '../../system-clock.ts';
import { storeContract } from '../contract.fixture.ts';
import { documentsContract } from '../documents-contract.fixture.ts';
import { journalContract } from '../journal-contract.fixture.ts';
import { openStore } from '../open-store.ts';
import { runsContract } from '../runs-contract.fixture.ts';
import { storageError } from './mongodb-error.ts';
import { indexed, mongoFixture, type MongoDatabase } from './mongodb.fixture.ts';

const mongo = await mongoFixture();
const skipped = 'skipped' in mongo ? mongo.skipped : undefined;
const common = { file: '', logRetentionMs: Infinity, clock: systemClock };

const run: RunRecord = {
  id: 'r',
  pattern: 'debate',
  key: 'k',
  title: '',
  state: 'RUNNING',
  createdAt: 1,
  owner: 'o',
  revision: 1,
};
const answer: DocumentRecord = { id: 'a', key: 'k', revision: 1, createdAt: 1, updatedAt: 1, document: '' };

function emptyDatabase(): MongoDatabase {
  if ('skipped' in mongo) throw new Error(mongo.skipped);
  return mongo.database();
}

const subject = {
  skipped,
  async place() {
    const place = emptyDatabase();
    const { uri: mongodbUri, database: mongodbDatabase, remove } = place;
    return { open: async () => indexed(await openStore({ ...common, mongodbUri, mongodbDatabase }), place), remove };
  },
};
storeContract('mongodb', subject);
runsContract('mongodb', subject);
journalContract('mongodb', subject);
documentsContract('mongodb', subject);

describe.skipIf(skipped)('a store in MongoDB', () => {
  async function open(options: Partial<typeof common> = {}, place: MongoDatabase = emptyDatabase()) {
    const { uri, database, look } = place;
    onTestFinished(place.remove);
    const store = await openStore({ ...common, ...options, mongodbUri: uri, mongodbDatabase: database });
    onTestFinished(() => store.close());
    return { store, look, place };
  }

  it('numbers the lines of writers whose clocks differ in the order in which they were stored', async () => {
    const late = virtualClock();
    const early = virtualClock();
    await early.advance(3_600_000);
    const first = await open({ clock: early });
    const second = await open({ clock: late }, first.place);
    for (const [index, { store }] of [first, second, first, second].entries())
      await store.logs.append([line(`${index}`)]);
    const stored = await first.store.logs.query({}, { limit: 10 });
    expect(stored.map(({ message }) => message)).toEqual(['3', '2', '1', '0']);
  });

  it('shows a follower what was numbered earlier and stored later', async () => {
    const { store, look } = await open();
    await store.logs.append([line('a'), line('b'), line('c')]);
    const [, b, a] = await store.logs.query({}, { limit: 3 });
    await look(async (db) => {
      const logs = db.collection<{ _id: string; message: string }>('logs');
      const taken = await logs.findOneAndDelete({ _id: b!.id });
      const page = await store.logs.query({}, { limit: 1, after: a!.id });
      expect(page.map(({ message }) => message)).toEqual(['c']);
      await logs.insertOne(taken!);
      const next = await store.logs.query({}, { limit: 1, after: page[0]!.id });
      expect(next.map(({ message }) => message)).toEqual(['b']);
    });
  });

  it('marks each document with its schema and, if it is to go, with its end', async () => {
    const clock = virtualClock();
    const { store, look } = await open({ clock, logRetentionMs: 86_400_000 });
    const at = clock.wallTime();
    await store.logs.append([line('x')]);
    await store.joinTokens.add({ id: 't', secretHash: '', usesLeft: 1, createdAt: at, expiresAt: at + 5 });
    await store.nodes.put({ name: 'n', kind: 'agent', attributes: {} });
    await store.documents.answers.add({ ...answer, expiresAt: at + 5 });
    await store.documents.parameters.add(answer);
    await store.documents.workflows.add(answer);
    await store.documents.workflows.replace('a', 1, { ...answer, expiresAt: at + 9 });
    await store.runs.create(run);
    await store.runs.append('r', [{ seq: 1, term: 1, time: 1, event: '' }]);
    await store.runs.post('r', { key: 'cancel', time: 1, document: '' });
    const ending = ['logs', 'join_tokens', 'answers', 'workflows', 'parameters'];
    const others = ['nodes', 'counters', 'runs', 'journal', 'messages'];
    const all = await look((db) => Promise.all([...ending, ...others].map((name) => only(db, name))));
    expect(all).toEqual(all.map(() => expect.objectContaining({ schemaVersion: 1 })));
    expect(all.slice(0, 4).map(({ deleteAt }) => Number(deleteAt) - at)).toEqual([
      86_400_000,
      7 * 86_400_000 + 5,
      3_600_000 + 5,
      3_600_000 + 9,
    ]);
    expect(all[4]).toMatchObject({ deleteAt: null });
  });

  it('makes the indexes by which lines are found, and deleted at their end', async () => {
    const { store, look } = await open();
    await store.ping();
    const indexes = () => look((db) => db.collection('logs').indexes());
    await expect
      .poll(indexes)
      .toEqual(
        expect.arrayContaining([
          expect.objectContaining({ key: { deleteAt: 1 }, expireAfterSeconds: 0 }),
          expect.objectContaining({ key: { requestId: 1, _id: 1 } }),
          expect.objectContaining({ key: { level: 1, _id: 1 } }),
        ]),
      );
    await expect
      .poll(() => look((db) => db.collection('answers').indexes()))
      .toEqual(expect.arrayContaining([expect.objectContaining({ key: { deleteAt: 1 }, expireAfterSeconds: 0 })]));
  });

  it('opens nothing to a key or a token of an unknown schema, and does not pass over such a node', async () => {
    const { store, look } = await open();
    const unknown = { schemaVersion: 0 as number };
    await look(async (db) => {
      for (const name of ['keys', 'join_tokens', 'nodes', 'logs', 'estimates', 'runs', 'answers']) {
        await db.collection<{ _id: string }>(name).insertOne({ _id: 'old', ...unknown });
      }
    });
    expect(await store.runs.find('old')).toBeUndefined();
    expect(await store.runs.list({}, { limit: 1 })).toEqual([]);
    expect(await store.runs.unfinished(1)).toEqual([]);
    expect(await store.runs.create({ ...run, id: 'old' })).toBe(false);
    expect(await store.documents.answers.find('old', 0)).toBeUndefined();
    expect(await store.documents.answers.list(undefined, { limit: 1 }, 0)).toEqual([]);
    expect(await store.documents.answers.add({ ...answer, id: 'old' })).toBe(false);
    expect(await store.keys.list()).toEqual([]);
    expect(await store.joinTokens.find('old')).toBeUndefined();
    expect(await store.logs.query({}, { limit: 1 })).toEqual([]);
    const refused = { reason: 'failed_precondition', message: expect.stringContaining('another version of Tutti') };
    await expect(store.nodes.list()).rejects.toMatchObject(refused);
    await expect(store.nodes.find('old')).rejects.toMatchObject(refused);
    await expect(store.nodes.put({ name: 'old', kind: 'agent', attributes: {} })).rejects.toMatchObject(refused);
    await store.estimates.save([{ part: 'old', savedAt: 1, document: {} }]);
    expect(await store.estimates.load()).toEqual([]);
    await store.nodes.remove('old');
    expect(await store.nodes.list()).toEqual([]);
  });

  it('refuses a line that no document can hold, for good', async () => {
    const { store } = await open();
    await expect(store.logs.append([line('x'.repeat(17_000_000))])).rejects.toMatchObject({
      reason: 'too_large',
      retry: 'never',
    });
  });

  it('takes a value for a value, whatever a caller has made of the types', async () => {
    const { store } = await open();
    await store.joinTokens.add({ id: 't', secretHash: 'h', usesLeft: 1, createdAt: 0, expiresAt: 9 });
    const anything = { $gt: '' } as unknown as string;
    expect(await store.joinTokens.burn('t', anything, 1)).toBe(false);
    expect(await store.joinTokens.find(anything)).toBeUndefined();
    await store.logs.append([line('x')]);
    expect(await store.logs.query({ node: anything }, { limit: 1 })).toEqual([]);
    await store.runs.create(run);
    expect(await store.runs.find(anything)).toBeUndefined();
    expect(await store.runs.list({ key: anything }, { limit: 1 })).toEqual([]);
    expect(await store.runs.messages(anything)).toEqual([]);
    await store.documents.answers.add(answer);
    expect(await store.documents.answers.find(anything, 0)).toBeUndefined();
    expect(await store.documents.answers.remove(anything)).toBe(false);
  });
});

describe('the way to MongoDB', () => {
  it.each(['http://user:geheim@host', 'mongodb://user:ge%heim@host', 'mongodb://geheim:x:y@h:99999', 'mongodb://'])(
    'does not begin at a URI that is none, and does not repeat it: %s',
    async (mongodbUri) => {
      const opened = openStore({ ...common, mongodbUri });
      const error: unknown = await opened.catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ reason: 'failed_precondition' });
      expect(inspect(error)).not.toContain('heim');
    },
  );

  it.each([
    [{ code: 18, codeName: 'AuthenticationFailed' }, 'refuses the user'],
    [{ code: 13, codeName: 'Unauthorized' }, 'refuses the user'],
    [{ code: 10_107, codeName: 'NotWritablePrimary' }, 'now (NotWritablePrimary)'],
    [{ code: 14_031, codeName: 'OutOfDiskSpace' }, 'now (OutOfDiskSpace)'],
  ])('says what a server refuses: %o', (answer, message) => {
    const error = storageError(new MongoServerError({ errmsg: 'user admin@10.0.0.1', ...answer }));
    expect(error).toMatchObject({ reason: 'storage_unavailable', message: expect.stringContaining(message) });
    expect(error.message).not.toContain('10.0.0.1');
  });

  it('is away where its name cannot be looked up', () => {
    const error = Object.assign(new Error('querySrv ENOTFOUND host'), { code: 'ENOTFOUND', syscall: 'querySrv' });
    expect(storageError(error)).toMatchObject({ reason: 'storage_unavailable' });
  });
});

async function only(db: Db, collection: string): Promise<Record<string, unknown>> {
  const documents = await db.collection(collection).find().toArray();
  expect(documents, collection).toHaveLength(1);
  return documents[0] ?? {};
}

function line(message: string): NewLogRecord {
  return { time: 1, level: 'info', service: 'agent', node: '', requestId: '', message, fields: {} };
}
