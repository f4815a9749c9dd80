import type {
  DocumentRecord,
  EstimatesRecord,
  JoinTokenRecord,
  JournalEntry,
  KeyRecord,
  LogFilter,
  LogRecord,
  NewLogRecord,
  NodeRecord,
  RunRecord,
  Store,
} from '@tutti/core';
import { seededRandom } from '@tutti/testing';
import { beforeEach, describe, expect, it } from 'vitest';
import { freshPlace, type Subject } from './fresh-place.fixture.ts';

const now = Date.UTC(2026, 0, 1);

const line: NewLogRecord = {
  time: now,
  level: 'info',
  service: 'agent',
  node: 'nano',
  requestId: 'r1',
  message: 'answered',
  fields: { tokens: 7 },
};

const key: KeyRecord = {
  id: 'k1',
  name: 'laptop',
  hmac: 'ab12',
  role: 'user',
  models: ['llama*'],
  classes: ['batch'],
  requestsPerMinute: 60,
  concurrency: 2,
  modelsWrite: false,
  createdAt: now,
  expiresAt: now + 1000,
};

const token: JoinTokenRecord = { id: 't1', secretHash: 'cd34', usesLeft: 2, createdAt: now, expiresAt: now + 1000 };

const node: NodeRecord = {
  name: 'nano',
  id: 'f00d',
  kind: 'agent',
  host: '127.0.0.1',
  port: 50052,
  attributes: {
    tier: 1,
    weight: 0.5,
    labels: { 'site.a/b': 'x', $room: '' },
    trust: 'cluster',
    capabilities: ['chat'],
  },
  joinedAt: now,
  certificateExpiresAt: now + 1000,
  removedAt: now + 500,
  cordoned: true,
};

const run: RunRecord = {
  id: 'r1',
  pattern: 'debate',
  key: 'k1',
  title: 'Which one?',
  state: 'WAITING',
  createdAt: now,
  owner: 'o1',
  revision: 3,
};

const entry: JournalEntry = { seq: 1, term: 1, time: now, event: { kind: 'started' } };

const answer: DocumentRecord = { id: 'a1', key: 'k1', revision: 1, createdAt: now, updatedAt: now, document: ['42'] };

const estimates: EstimatesRecord = {
  part: 'node:nano',
  savedAt: now,
  document: { 'llama3.2:3b': { decode: 41.5, samples: [1, null, 'x'] }, $set: {}, '': [] },
};

/** What every store must do. */
export function storeContract(name: string, subject: Subject<Store>): void {
  const { skipped } = subject;
  describe.skipIf(skipped)(`${name}: a store${skipped ? ` (skipped: ${skipped})` : ''}`, () => {
    const { open } = freshPlace(subject);
    let store: Store;

    beforeEach(async () => {
      store = await open();
    });

    it('answers, and no longer once it is closed', async () => {
      await store.ping();
      await store.close();
      await expect(store.ping()).rejects.toMatchObject({ reason: 'storage_unavailable' });
      await expect(store.keys.list()).rejects.toMatchObject({ reason: 'storage_unavailable' });
      await expect(store.logs.append([line])).rejects.toMatchObject({ reason: 'storage_unavailable' });
      await expect(store.estimates.save([estimates])).rejects.toMatchObject({ reason: 'storage_unavailable' });
      await expect(store.runs.find('r1')).rejects.toMatchObject({ reason: 'storage_unavailable' });
      await expect(store.documents.answers.find('d1', now)).rejects.toMatchObject({ reason: 'storage_unavailable' });
      await store.close();
    });

    it('keeps everything when it is opened again', async () => {
      await store.keys.add(key);
      await store.joinTokens.add(token);
      await store.nodes.put(node);
      await store.logs.append([line]);
      await store.estimates.save([estimates]);
      await store.runs.create(run);
      await store.runs.append(run.id, [entry]);
      await store.runs.post(run.id, { key: 'cancel', time: now, document: {} });
      await store.documents.answers.add(answer);
      await store.close();
      const again = await open();
      expect(await again.keys.list()).toEqual([key]);
      expect(await again.joinTokens.find(token.id)).toEqual(token);
      expect(await again.nodes.find(node.name)).toEqual(node);
      expect(await newest(again)).toEqual([{ ...line, id: expect.any(String) }]);
      expect(await again.estimates.load()).toEqual([estimates]);
      expect(await again.runs.find(run.id)).toEqual(run);
      expect(await again.runs.read(run.id, 0, 9)).toEqual([entry]);
      expect(await again.runs.messages(run.id)).toEqual([{ key: 'cancel', time: now, document: {} }]);
      expect(await again.documents.answers.find(answer.id, now)).toEqual(answer);
    });

    describe('of keys', () => {
      it('lists the oldest first, with nothing but what was given', async () => {
        const plain: KeyRecord = {
          id: 'k0',
          name: 'old',
          hmac: '00',
          role: 'admin',
          modelsWrite: true,
          createdAt: now - 1,
        };
        await store.keys.add(key);
        await store.keys.add(plain);
        expect(await store.keys.list()).toStrictEqual([plain, key]);
      });

      it('gives an id once, whoever adds it', async () => {
        const other = await open();
        const added = [store, other, store].map(({ keys }, index) => keys.add({ ...key, name: `${index}` }));
        const results = await Promise.allSettled(added);
        expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
        await expect(store.keys.add(key)).rejects.toMatchObject({ reason: 'invalid_request', param: 'id' });
        expect(await store.keys.list()).toHaveLength(1);
      });

      it('returns what it removes', async () => {
        await store.keys.add(key);
        expect(await store.keys.remove(key.id)).toEqual(key);
        expect(await store.keys.remove(key.id)).toBeUndefined();
        expect(await store.keys.list()).toEqual([]);
      });
    });

    describe('of join tokens', () => {
      it('lists those that can be used, the oldest first', async () => {
        const older = { ...token, id: 'older', createdAt: now - 10 };
        const expired = { ...token, id: 'expired', expiresAt: now };
        const used = { ...token, id: 'used', usesLeft: 0 };
        for (const each of [token, expired, used, older]) await store.joinTokens.add(each);
        expect(await store.joinTokens.list(now)).toStrictEqual([older, token]);
        expect(await store.joinTokens.find(expired.id)).toStrictEqual(expired);
        expect(await store.joinTokens.find('none')).toBeUndefined();
      });

      it('burns only with the right secret, in time, as often as allowed', async () => {
        await store.joinTokens.add(token);
        const burn = (id: string, hash: string, at: number) => store.joinTokens.burn(id, hash, at);
        expect(await burn('none', token.secretHash, now)).toBe(false);
        expect(await burn(token.id, 'wrong', now)).toBe(false);
        expect(await burn(token.id, token.secretHash, token.expiresAt)).toBe(false);
        expect(await store.joinTokens.find(token.id)).toEqual(token);
        expect(await burn(token.id, token.secretHash, token.expiresAt - 1)).toBe(true);
        expect(await burn(token.id, token.secretHash, now)).toBe(true);
        expect(await burn(token.id, token.secretHash, now)).toBe(false);
        expect(await store.joinTokens.find(token.id)).toEqual({ ...token, usesLeft: 0 });
      });

      it('burns 200 uses 200 times, of 300 tries at once by two', async () => {
        const other = await open();
        await store.joinTokens.add({ ...token, usesLeft: 200 });
        const tries = Array.from({ length: 300 }, (_, index) =>
          (index % 2 === 0 ? store : other).joinTokens.burn(token.id, token.secretHash, now),
        );
        expect((await Promise.all(tries)).filter(Boolean)).toHaveLength(200);
        expect(await store.joinTokens.find(token.id)).toEqual({ ...token, usesLeft: 0 });
      });

      it('gives an id once, and returns what it removes', async () => {
        await store.joinTokens.add(token);
        await expect(store.joinTokens.add(token)).rejects.toMatchObject({ reason: 'invalid_request' });
        expect(await store.joinTokens.remove(token.id)).toEqual(token);
        expect(await store.joinTokens.remove(token.id)).toBeUndefined();
      });
    });

    describe('of nodes', () => {
      it('lists all by name, with nothing but what was given', async () => {
        const plain: NodeRecord = { name: 'agx', kind: 'ollama', attributes: {} };
        await store.nodes.put(node);
        await store.nodes.put(plain);
        expect(await store.nodes.list()).toStrictEqual([plain, node]);
        expect(await store.nodes.find('none')).toBeUndefined();
      });

      it('keeps one record of a name, whoever puts it', async () => {
        const other = await open();
        const ports = Array.from({ length: 20 }, (_, port) => port);
        await Promise.all(ports.map((port) => (port % 2 === 0 ? store : other).nodes.put({ ...node, port })));
        expect(await store.nodes.list()).toHaveLength(1);
        const plain: NodeRecord = { name: node.name, kind: 'agent', attributes: {} };
        await other.nodes.put(plain);
        expect(await store.nodes.find(node.name)).toStrictEqual(plain);
      });

      it('forgets one', async () => {
        await store.nodes.put(node);
        await store.nodes.remove(node.name);
        await store.nodes.remove('none');
        expect(await store.nodes.list()).toEqual([]);
      });

      it('takes a name for a name, whatever stands in it', async () => {
        const names = ['', '$ne', '.*', '__proto__', "'; drop table nodes; --", 'Ü', 'a\0b'];
        for (const name of names) await store.nodes.put({ name, kind: 'agent', attributes: {} });
        for (const name of names) expect(await store.nodes.find(name)).toMatchObject({ name });
        expect(await store.nodes.list()).toHaveLength(names.length);
      });
    });

    describe('of what was learnt', () => {
      it('keeps each part by itself, as it was last saved, and lists them by name', async () => {
        const other = await open();
        const models = { ...estimates, part: 'models', document: [1] };
        await store.estimates.save([estimates]);
        await other.estimates.save([models, { ...estimates, part: 'node:agx', document: 7 }]);
        await other.estimates.save([{ ...estimates, savedAt: now + 1, document: 'later' }]);
        expect(await store.estimates.load()).toStrictEqual([
          models,
          { ...estimates, part: 'node:agx', document: 7 },
          { ...estimates, savedAt: now + 1, document: 'later' },
        ]);
        await store.estimates.save([]);
        expect(await other.estimates.load()).toHaveLength(3);
      });

      it('keeps one document of a part that two save at once', async () => {
        const other = await open();
        const saved = Array.from({ length: 20 }, (_, index) =>
          (index % 2 === 0 ? store : other).estimates.save([{ ...estimates, document: index }]),
        );
        await Promise.all(saved);
        expect(await store.estimates.load()).toMatchObject([{ part: estimates.part, document: expect.any(Number) }]);
      });

      it('takes a name for a name, and a hundred models of a hundred nodes', async () => {
        const names = ['$ne', '__proto__', "'; drop table estimates; --", 'Ü', 'a.b'];
        const document = Object.fromEntries(Array.from({ length: 100 }, (_, index) => [`model.${index}:7b`, [index]]));
        const nodes = Array.from({ length: 100 }, (_, index) => `node:${index}`);
        await store.estimates.save([...names, ...nodes].map((part) => ({ part, savedAt: now, document })));
        const loaded = await store.estimates.load();
        expect(loaded.map(({ part }) => part).toSorted()).toEqual([...names, ...nodes].toSorted());
        expect(loaded.at(-1)?.document).toEqual(document);
      });
    });

    describe('of logs', () => {
      it('filters by everything at once, newest first', async () => {
        const others: Partial<NewLogRecord>[] = [
          { level: 'debug' },
          { node: '' },
          { service: 'orchestrator' },
          { requestId: '' },
          { time: now - 1 },
          { time: now + 10 },
          { message: 'refused' },
        ];
        await store.logs.append([line, ...others.map((other) => ({ ...line, ...other })), { ...line, level: 'error' }]);
        const filter: LogFilter = {
          level: 'info',
          node: 'nano',
          service: 'agent',
          requestId: 'r1',
          from: now,
          to: now + 10,
          text: 'ANSWER',
        };
        expect((await newest(store, filter)).map(({ level }) => level)).toEqual(['error', 'info']);
        for (const name of Object.keys(filter) as (keyof LogFilter)[]) {
          const { [name]: _, ...without } = filter;
          expect((await newest(store, without)).length, name).toBeGreaterThan(2);
        }
      });

      it('of a level shows it and what is more severe', async () => {
        const levels = ['debug', 'info', 'warn', 'error'] as const;
        await store.logs.append(levels.map((level) => ({ ...line, level })));
        for (const [index, level] of levels.entries()) {
          const shown = (await newest(store, { level })).map((found) => found.level);
          expect(shown, level).toEqual(levels.slice(index).toReversed());
        }
      });

      it('finds text as it stands, whatever the case', async () => {
        const messages = ['a.b (c) [d] {e} ^f$ g|h * + ? \\ / %_', 'axb', 'Grüße ÄÖÜ', 'nul\0byte', 'quo\'te "d"'];
        await store.logs.append(messages.map((message) => ({ ...line, message })));
        const found = async (text: string): Promise<string[]> =>
          (await newest(store, { text })).map(({ message }) => message);
        const [first = ''] = messages;
        for (const text of ['A.B', '(c) [D]', '^f$', 'g|h', '* + ?', '\\ /', '%_']) {
          expect(await found(text), text).toEqual([first]);
        }
        expect(await found('äöü')).toEqual(['Grüße ÄÖÜ']);
        expect(await found('NUL\0BYTE')).toEqual(['nul\0byte']);
        expect(await found('quo\'te "')).toEqual(['quo\'te "d"']);
        expect(await found('.*')).toEqual([]);
        expect(await found('')).toHaveLength(messages.length);
      });

      it('keeps empty and huge fields as they are', async () => {
        const strange: NewLogRecord[] = [
          { ...line, service: '', node: '', requestId: '', message: '', fields: {} },
          { ...line, message: 'x'.repeat(1_000_000), fields: { text: 'ü'.repeat(500_000) } },
          { ...line, fields: { 'a.b': { $where: [null, 1.5, '0\0'] }, _bsontype: 'ObjectId', $set: {}, '': '' } },
        ];
        await store.logs.append(strange);
        await store.logs.append([]);
        const found = (await newest(store)).toReversed().map(({ id: _id, ...rest }) => rest);
        expect(found).toStrictEqual(strange);
      });

      it('refuses what JSON cannot hold, all of it', async () => {
        const endless: Record<string, unknown> = {};
        endless['self'] = endless;
        const appended = store.logs.append([line, { ...line, fields: endless }]);
        await expect(appended).rejects.toMatchObject({ reason: 'invalid_request', retry: 'never' });
        expect(await newest(store)).toEqual([]);
      });

      it('pages without gaps or repeats, in both directions', async () => {
        const random = seededRandom(1);
        const lines = Array.from({ length: 125 }, (_, index) => ({
          ...line,
          time: now + Math.floor(random() * 1000),
          level: random() < 0.5 ? ('info' as const) : ('warn' as const),
          message: `${index}`,
        }));
        for (let at = 0; at < lines.length; at += 25) await store.logs.append(lines.slice(at, at + 25));
        const messages = lines.filter(({ level }) => level === 'warn').map(({ message }) => message);
        for (const limit of [1, 7, 1000]) {
          const back = await readBack(store, { level: 'warn' }, limit);
          expect(back.map(({ message }) => message).toReversed(), `limit ${limit}`).toEqual(messages);
          const on = await readOn(store, { level: 'warn' }, limit);
          expect(
            on.map(({ message }) => message),
            `limit ${limit}`,
          ).toEqual(messages);
        }
      });

      it('shows a follower each line of two writers, in an order that stays', async () => {
        const other = await open();
        await store.logs.append([line]);
        const written = Array.from({ length: 40 }, (_, index) =>
          (index % 2 === 0 ? store : other).logs.append([
            { ...line, message: `a${index}` },
            { ...line, message: `b${index}` },
          ]),
        );
        await Promise.all(written);
        const followed = await readOn(store, {}, 10);
        expect(followed.map(({ id }) => id)).toEqual(followed.map(({ id }) => id).toSorted());
        expect(followed).toEqual((await newest(store)).toReversed());
        expect(followed).toHaveLength(81);
      });

      it('refuses a page token that is none', async () => {
        for (const token of ['x', '', "' or 1", '{"$gt":""}']) {
          const page = { limit: 1, before: token };
          await expect(store.logs.query({}, page), token).rejects.toMatchObject({ reason: 'invalid_request' });
        }
      });
    });
  });
}

function newest(store: Store, filter: LogFilter = {}): Promise<LogRecord[]> {
  return store.logs.query(filter, { limit: 1000 });
}

/** All pages, from the newest line to the oldest. */
async function readBack(store: Store, filter: LogFilter, limit: number): Promise<LogRecord[]> {
  const all: LogRecord[] = [];
  let page = await store.logs.query(filter, { limit });
  for (; page.length > 0; page = await store.logs.query(filter, { limit, before: all.at(-1)!.id })) all.push(...page);
  return all;
}

/** All pages, from the oldest line to the newest, as a follower reads them. */
async function readOn(store: Store, filter: LogFilter, limit: number): Promise<LogRecord[]> {
  const [first] = await store.logs.query(filter, { limit: 1000 }).then((lines) => lines.toReversed());
  const all = first ? [first] : [];
  for (let after = first?.id; after !== undefined;) {
    const page = await store.logs.query(filter, { limit, after });
    const unseen = page.filter(({ id }) => all.every((seen) => seen.id !== id));
    all.push(...unseen);
    after = unseen.at(-1)?.id;
  }
  return all;
}
