import { createMemoryRuns, type JournalEntry, type RunRecord, type RunRepository, type Store } from '@tutti/core';
import { seededRandom } from '@tutti/testing';
import { beforeEach, describe, expect, it } from 'vitest';
import { freshPlace, type Subject } from './fresh-place.fixture.ts';
import { randomRunCall } from './run-calls.fixture.ts';

const now = Date.UTC(2026, 0, 1);

const run: RunRecord = {
  id: 'r1',
  pattern: 'debate',
  key: 'k1',
  title: 'Which one?',
  state: 'RUNNING',
  createdAt: now,
  owner: 'o1',
  revision: 1,
};

const entry: JournalEntry = { seq: 1, term: 1, time: now, event: '' };

/** What every repository of runs must do with all but their journals. */
export function runsContract(name: string, subject: Subject<Pick<Store, 'runs' | 'close'>>): void {
  const { skipped } = subject;
  describe.skipIf(skipped)(`${name}: runs${skipped ? ` (skipped: ${skipped})` : ''}`, () => {
    const { open, atOnce } = freshPlace(subject);
    let runs: RunRepository;

    beforeEach(async () => {
      ({ runs } = await open());
    });

    async function create(...changes: Partial<RunRecord>[]): Promise<void> {
      for (const change of changes) expect(await runs.create({ ...run, ...change })).toBe(true);
    }

    describe('their heads', () => {
      it('are found with nothing but what was given', async () => {
        const ended: RunRecord = { ...run, id: 'r2', title: '', state: 'FAILED', endedAt: now + 0.5 };
        await create({}, ended);
        expect(await runs.find('r1')).toStrictEqual(run);
        expect(await runs.find('r2')).toStrictEqual(ended);
        expect(await runs.find('none')).toBeUndefined();
      });

      it('have an id once, whoever makes them', async () => {
        const made = await atOnce(20, ({ runs }, index) => runs.create({ ...run, owner: `o${index}` }));
        expect(made.filter(Boolean)).toHaveLength(1);
        expect(await runs.find(run.id)).toMatchObject({ owner: `o${made.indexOf(true)}` });
      });

      it('are listed newest first, filtered by everything', async () => {
        await create(
          { id: 'a' },
          { id: 'c', createdAt: now + 2, key: 'k2' },
          { id: 'b', createdAt: now + 1, pattern: 'maestro' },
          { id: 'd', createdAt: now + 3, state: 'WAITING' },
          { id: 'e', createdAt: now + 4 },
        );
        const list = async (filter: Parameters<RunRepository['list']>[0]): Promise<string> =>
          (await runs.list(filter, { limit: 10 })).map(({ id }) => id).join('');
        expect(await list({})).toBe('edcba');
        expect(await list({ key: 'k1' })).toBe('edba');
        expect(await list({ pattern: 'debate' })).toBe('edca');
        expect(await list({ state: 'RUNNING' })).toBe('ecba');
        expect(await list({ key: 'k1', pattern: 'debate', state: 'RUNNING' })).toBe('ea');
        expect(await list({ key: 'k1', pattern: 'maestro', state: 'WAITING' })).toBe('');
      });

      it('are paged without gaps or repeats, though many were made in the same millisecond', async () => {
        const ids = Array.from({ length: 30 }, (_, index) => `r${String(index).padStart(2, '0')}`);
        await create(...ids.map((id, index) => ({ id, createdAt: now + Math.floor(index / 7), key: `k${index % 2}` })));
        for (const limit of [1, 4, 100]) {
          const paged: string[] = [];
          for (let pages = 0; pages < 20; pages++) {
            const before = paged.at(-1);
            const page = await runs.list({ key: 'k1' }, { limit, ...(before !== undefined && { before }) });
            paged.push(...page.map(({ id }) => id));
          }
          const wanted = ids.filter((_, index) => index % 2 === 1).toReversed();
          expect(paged, `limit ${limit}`).toEqual(wanted);
        }
        expect(await runs.list({}, { limit: 0 })).toEqual([]);
        const gone = runs.list({}, { limit: 1, before: 'none' });
        await expect(gone).rejects.toMatchObject({ reason: 'invalid_request' });
      });

      it('without an end are the unfinished ones, oldest first', async () => {
        await create({ id: 'b', createdAt: now + 1 }, { id: 'a' }, { id: 'c', createdAt: now + 2, state: 'WAITING' });
        await create({ id: 'd', createdAt: now - 1, state: 'COMPLETED', endedAt: now });
        expect((await runs.unfinished(10)).map(({ id }) => id)).toEqual(['a', 'b', 'c']);
        expect((await runs.unfinished(2)).map(({ id }) => id)).toEqual(['a', 'b']);
      });

      it('take ids for ids, whatever stands in them', async () => {
        const ids = ['', '$ne', '.*', '__proto__', "'; drop table runs; --", 'Ü', 'a\0b', 'a:b', 'a'];
        await create(...ids.map((id) => ({ id })));
        for (const id of ids) {
          expect(await runs.append(id, [{ ...entry, event: id }])).toBe(true);
          expect(await runs.post(id, { key: id, time: now, document: id })).toBe(true);
        }
        for (const id of ids) {
          expect(await runs.find(id)).toMatchObject({ id });
          expect(await runs.read(id, 0, 9)).toEqual([{ ...entry, event: id }]);
          expect(await runs.messages(id)).toEqual([{ key: id, time: now, document: id }]);
        }
      });
    });

    describe('their lease', () => {
      it('is renewed by whoever knows the revision', async () => {
        await create({});
        const renewed = await runs.renew('r1', 1, { state: 'WAITING', owner: 'o2' });
        expect(renewed).toStrictEqual({ ...run, state: 'WAITING', owner: 'o2', revision: 2 });
        expect(await runs.renew('r1', 1, { state: 'FAILED', owner: 'o1', endedAt: now })).toBeUndefined();
        expect(await runs.renew('r1', 3, { state: 'FAILED', owner: 'o1', endedAt: now })).toBeUndefined();
        expect(await runs.renew('none', 1, { state: 'FAILED', owner: 'o1' })).toBeUndefined();
        expect(await runs.find('r1')).toStrictEqual(renewed);
      });

      it('changes state, owner and end, and nothing else', async () => {
        await create({});
        const other: RunRecord = {
          ...run,
          id: 'x',
          title: 'x',
          key: 'x',
          revision: 9,
          state: 'COMPLETED',
          endedAt: now,
        };
        const ended = await runs.renew('r1', 1, other);
        expect(ended).toStrictEqual({ ...run, state: 'COMPLETED', endedAt: now, revision: 2 });
        expect(await runs.renew('r1', 2, run)).toStrictEqual({ ...run, revision: 3 });
        expect(await runs.find('r1')).toStrictEqual({ ...run, revision: 3 });
      });

      it('is won by one of twenty who saw it stand still', async () => {
        await create({});
        const claims = await atOnce(20, ({ runs }, index) =>
          runs.renew('r1', 1, { state: 'RUNNING', owner: `o${index}` }),
        );
        const won = claims.filter((claim) => claim !== undefined);
        expect(won).toHaveLength(1);
        expect(await runs.find('r1')).toStrictEqual({ ...won[0], revision: 2 });
      });
    });

    describe('what is said to them', () => {
      it('is heard once by its key, in the order of arrival', async () => {
        const { runs: other } = await open();
        await create({}, { id: 'r2' });
        expect(await runs.post('r1', { key: 'z', time: now + 9, document: { 'a.b': 1 } })).toBe(true);
        expect(await other.post('r1', { key: 'a', time: now, document: null })).toBe(true);
        expect(await other.post('r1', { key: 'z', time: now, document: 'again' })).toBe(false);
        expect(await runs.post('r1', { key: 'm', time: now + 5, document: 'last' })).toBe(true);
        expect(await other.post('r2', { key: 'z', time: now, document: 'other' })).toBe(true);
        expect(await runs.messages('r1')).toStrictEqual([
          { key: 'z', time: now + 9, document: { 'a.b': 1 } },
          { key: 'a', time: now, document: null },
          { key: 'm', time: now + 5, document: 'last' },
        ]);
        expect(await runs.messages('none')).toEqual([]);
        const lost = runs.post('none', { key: 'z', time: now, document: '' });
        await expect(lost).rejects.toMatchObject({ reason: 'not_found', param: 'id' });
      });

      it('is what the first of twenty said', async () => {
        await create({});
        const posted = await atOnce(20, ({ runs }, document) =>
          runs.post('r1', { key: 'answer', time: now, document }),
        );
        expect(posted.filter(Boolean)).toHaveLength(1);
        expect(await runs.messages('r1')).toMatchObject([{ document: posted.indexOf(true) }]);
      });
    });

    it('are forgotten some time after their end, with all that belongs to them', async () => {
      await create({ id: 'running' }, { id: 'late', state: 'COMPLETED', endedAt: now });
      const ended = Array.from({ length: 5 }, (_, index) => `r${index}`);
      await create(...ended.map((id, index) => ({ id, state: 'FAILED' as const, endedAt: now - 1 - index })));
      for (const id of ['running', 'late', ...ended]) {
        await runs.append(
          id,
          Array.from({ length: 120 }, (_, index) => ({ ...entry, seq: index + 1 })),
        );
        for (let key = 0; key < 60; key++) await runs.post(id, { key: `${key}`, time: now, document: id });
      }
      expect(await runs.removeEnded(now - 5)).toBe(0);
      const removed = await atOnce(2, ({ runs }) => runs.removeEnded(now));
      expect(removed[0]! + removed[1]!).toBe(5);
      expect((await runs.list({}, { limit: 9 })).map(({ id }) => id)).toEqual(['running', 'late']);
      for (const id of ['running', 'late']) {
        expect(await runs.read(id, 0, 999)).toHaveLength(120);
        expect(await runs.messages(id)).toHaveLength(60);
      }
      await create(...ended.map((id) => ({ id })));
      for (const id of ended) {
        expect(await runs.read(id, 0, 9)).toEqual([]);
        expect(await runs.messages(id)).toEqual([]);
      }
    });

    it.each([1, 2, 3])('do what runs in memory do, whatever is called (seed %i)', async (seed) => {
      const random = seededRandom(seed);
      const model = createMemoryRuns();
      for (let step = 0; step < 200; step++) {
        const { name, call } = randomRunCall(random);
        const wanted = await outcome(call(model));
        expect(await outcome(call(runs)), `step ${step}: ${name}`).toStrictEqual(wanted);
      }
    });
  });
}

function outcome(call: Promise<unknown>): Promise<unknown> {
  return call.catch((error: unknown) => (error as { reason?: string }).reason);
}
