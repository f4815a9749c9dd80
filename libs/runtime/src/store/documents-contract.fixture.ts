import { documentKinds, type DocumentRecord, type DocumentRepository, type Store } from '@tutti/core';
import { beforeEach, describe, expect, it } from 'vitest';
import { freshPlace, type Subject } from './fresh-place.fixture.ts';

/** Far away: stores delete by themselves what has expired by the machine's clock. */
const now = Date.UTC(2100, 0, 1);

const record: DocumentRecord = {
  id: 'd1',
  key: 'k1',
  revision: 1,
  createdAt: now,
  updatedAt: now,
  expiresAt: now + 1000,
  document: { 'a.b': { $where: [null, 1.5, '0\0'] }, _bsontype: 'ObjectId', $set: {}, '': '😀' },
};

/** What every store of documents must do. */
export function documentsContract(name: string, subject: Subject<Pick<Store, 'documents' | 'close'>>): void {
  const { skipped } = subject;
  describe.skipIf(skipped)(`${name}: documents${skipped ? ` (skipped: ${skipped})` : ''}`, () => {
    const { open, atOnce } = freshPlace(subject);
    let all: Store['documents'];
    let documents: DocumentRepository;

    beforeEach(async () => {
      all = (await open()).documents;
      documents = all.conversations;
    });

    async function add(...changes: Partial<DocumentRecord>[]): Promise<void> {
      for (const change of changes) expect(await documents.add({ ...record, ...change })).toBe(true);
    }

    async function listed(key?: string, at = now): Promise<string[]> {
      return (await documents.list(key, { limit: 999 }, at)).map(({ id }) => id);
    }

    it('are found with nothing but what was given, by everybody', async () => {
      const { expiresAt: _, ...lasting } = { ...record, id: 'd2', document: null };
      await add(record);
      await documents.add(lasting);
      const { documents: other } = await open();
      expect(await other.conversations.find('d1', now)).toStrictEqual(record);
      expect(await other.conversations.find('d2', Number.MAX_SAFE_INTEGER)).toStrictEqual(lasting);
      expect(await other.conversations.find('none', now)).toBeUndefined();
    });

    it('of one kind are apart from the others', async () => {
      for (const kind of documentKinds) expect(await all[kind].add({ ...record, document: kind })).toBe(true);
      await all.answers.replace('d1', 1, { document: 'changed', updatedAt: now });
      expect(await all.responses.remove('d1')).toBe(true);
      expect(await all.workflows.removeOld(now + 1)).toBe(1);
      const found = documentKinds.map(
        async (kind) => (await all[kind].list(undefined, { limit: 9 }, now))[0]?.document,
      );
      expect(await Promise.all(found)).toEqual(['conversations', undefined, 'parameters', undefined, 'changed']);
    });

    it('have an id once, whoever adds them', async () => {
      const added = await atOnce(20, ({ documents }, document) => documents.conversations.add({ ...record, document }));
      expect(added.filter(Boolean)).toHaveLength(1);
      expect(await documents.find('d1', now)).toMatchObject({ document: added.indexOf(true) });
    });

    it('take ids and keys for what they are, whatever stands in them', async () => {
      const ids = ['', '$ne', '.*', '__proto__', "'; drop table documents; --", 'Ü', 'a\0b'];
      await add(...ids.map((id) => ({ id, key: id })));
      for (const id of ids) {
        expect(await documents.find(id, now)).toMatchObject({ id });
        expect(await listed(id)).toEqual([id]);
      }
    });

    describe('that expire', () => {
      it('are not found from then on', async () => {
        await add({}, { id: 'd2', expiresAt: now + 2000 });
        expect(await listed(undefined, now + 999)).toEqual(['d2', 'd1']);
        expect(await documents.find('d1', now + 1000)).toBeUndefined();
        expect(await listed(undefined, now + 1000)).toEqual(['d2']);
      });

      it('leave their id to one of twenty', async () => {
        await add({ revision: 7 });
        const late = { key: 'k2', createdAt: now + 1000, updatedAt: now + 1000, expiresAt: now + 5000 };
        expect(await documents.add({ ...record, ...late, createdAt: now + 999 })).toBe(false);
        const added = await atOnce(20, ({ documents }, document) =>
          documents.conversations.add({ ...record, ...late, document }),
        );
        expect(added.filter(Boolean)).toHaveLength(1);
        const wanted = { ...record, ...late, document: added.indexOf(true) };
        expect(await documents.find('d1', now + 1000)).toStrictEqual(wanted);
      });
    });

    describe('that are changed', () => {
      it('have the next revision', async () => {
        await add({});
        const change = { document: ['new'], updatedAt: now + 1, expiresAt: now + 9000 };
        const changed = await documents.replace('d1', 1, change);
        expect(changed).toStrictEqual({ ...record, ...change, revision: 2 });
        expect(await documents.find('d1', now)).toStrictEqual(changed);
        for (const expected of [1, 3]) {
          expect(await documents.replace('d1', expected, { document: '', updatedAt: now })).toBeUndefined();
        }
        expect(await documents.replace('none', 1, { document: '', updatedAt: now })).toBeUndefined();
        expect(await documents.find('d1', now)).toStrictEqual(changed);
      });

      it('no longer expire, unless it is said again, and keep the rest', async () => {
        await add({});
        const other = { ...record, id: 'x', key: 'x', revision: 9, createdAt: 0 };
        const { expiresAt: _, ...lasting } = other;
        expect(await documents.replace('d1', 1, lasting)).toStrictEqual({
          ...lasting,
          ...{ id: 'd1', key: 'k1', revision: 2, createdAt: now },
        });
        expect(await documents.find('d1', Number.MAX_SAFE_INTEGER)).toBeDefined();
      });

      it('are changed by one of twenty who saw the same', async () => {
        await add({});
        const tries = await atOnce(20, ({ documents }, document) =>
          documents.conversations.replace('d1', 1, { document, updatedAt: now }),
        );
        const won = tries.filter((changed) => changed !== undefined);
        expect(won).toHaveLength(1);
        expect(await documents.find('d1', now)).toStrictEqual(won[0]);
      });
    });

    describe('in lists', () => {
      it('come last changed first, those of a key or all', async () => {
        await add({ id: 'a' }, { id: 'b', updatedAt: now + 2 }, { id: 'c', updatedAt: now + 1, key: 'k2' });
        expect(await listed()).toEqual(['b', 'c', 'a']);
        expect(await listed('k1')).toEqual(['b', 'a']);
        await documents.replace('a', 1, { document: '', updatedAt: now + 3 });
        expect(await listed('k1')).toEqual(['a', 'b']);
        expect(await listed('none')).toEqual([]);
        expect(await documents.list(undefined, { limit: 0 }, now)).toEqual([]);
      });

      it('come in pages without gaps or repeats, though the last of a page changes or goes', async () => {
        const ids = Array.from({ length: 20 }, (_, index) => `d${String(index).padStart(2, '0')}`);
        const wanted = ids.toReversed();
        await add(...ids.map((id, index) => ({ id, updatedAt: now + Math.floor(index / 6) })));
        const paged: string[] = [];
        let last: DocumentRecord | undefined;
        for (let pages = 0; pages < 10; pages++) {
          const page = await documents.list('k1', { limit: 3, ...(last && { before: last }) }, now);
          paged.push(...page.map(({ id }) => id));
          last = page.at(-1) ?? last;
          if (pages === 1) await documents.replace(last!.id, 1, { document: '', updatedAt: now + 100 });
          if (pages === 2) await documents.remove(last!.id);
        }
        expect(paged).toEqual(wanted);
      });
    });

    it('are gone once they are removed', async () => {
      await add({});
      expect(await documents.remove('d1')).toBe(true);
      expect(await documents.remove('d1')).toBe(false);
      expect(await documents.find('d1', now)).toBeUndefined();
      await add({});
    });

    it('are forgotten some time after their last change', async () => {
      const old = Array.from({ length: 120 }, (_, index) => ({ id: `old${index}`, updatedAt: now - 1 - index }));
      await add({}, ...old);
      const removed = await atOnce(2, ({ documents }) => documents.conversations.removeOld(now));
      expect(removed[0]! + removed[1]!).toBe(120);
      expect(await listed()).toEqual(['d1']);
    });

    it('take 8 MB, and refuse more with its size, as they refuse what JSON cannot hold', async () => {
      const tooLarge = { reason: 'too_large', message: expect.stringContaining('8000001 bytes') };
      await add({ document: 'x'.repeat(7_999_998) });
      const document = 'x'.repeat(7_999_999);
      await expect(documents.add({ ...record, id: 'd2', document })).rejects.toMatchObject(tooLarge);
      await expect(documents.replace('d1', 1, { document, updatedAt: now })).rejects.toMatchObject(tooLarge);
      const invalid = documents.replace('d1', 1, { document: undefined, updatedAt: now });
      await expect(invalid).rejects.toMatchObject({ reason: 'invalid_request' });
      const kept = await documents.list(undefined, { limit: 9 }, now);
      expect(kept.map(({ id, revision, document }) => [id, revision, String(document).length])).toEqual([
        ['d1', 1, 7_999_998],
      ]);
    });
  });
}
