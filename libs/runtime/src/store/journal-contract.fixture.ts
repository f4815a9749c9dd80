import type { JournalEntry, RunRecord, RunRepository, Store } from '@tutti/core';
import { beforeEach, describe, expect, it } from 'vitest';
import { freshPlace, type Subject } from './fresh-place.fixture.ts';

const now = Date.UTC(2026, 0, 1);
const largestBytes = 8_000_000;

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

/** What every repository of runs must do with their journals. */
export function journalContract(name: string, subject: Subject<Pick<Store, 'runs' | 'close'>>): void {
  const { skipped } = subject;
  describe.skipIf(skipped)(`${name}: the journal of a run${skipped ? ` (skipped: ${skipped})` : ''}`, () => {
    const { open, atOnce } = freshPlace(subject);
    let runs: RunRepository;

    beforeEach(async () => {
      ({ runs } = await open());
      await runs.create(run);
    });

    it('of 2,000 events comes back as it was written, page by page', async () => {
      await runs.create({ ...run, id: 'r2' });
      const entries = Array.from({ length: 2000 }, (_, index) =>
        entry(index + 1, { text: 'token '.repeat(index % 9) }),
      );
      for (let at = 0; at < entries.length; at += 125) await runs.append('r1', entries.slice(at, at + 125));
      await runs.append('r2', [entry(1, 'other')]);
      expect(await runs.read('r1', 0, 5000)).toStrictEqual(entries);
      expect(await runs.read('r1', 990, 400)).toStrictEqual(entries.slice(990, 1390));
      expect(await runs.read('r1', 1999, 10)).toStrictEqual(entries.slice(1999));
      expect(await runs.read('r1', 2000, 10)).toEqual([]);
      expect(await runs.read('r1', 0, 0)).toEqual([]);
      expect(await runs.read('none', 0, 10)).toEqual([]);
    });

    it('keeps what JSON can hold as it is', async () => {
      const events = [
        null,
        [],
        0,
        '',
        'a\0b "\\" \u2028 😀 \ud800',
        { 'a.b': { $where: [null, 1.5, -1e300] }, _bsontype: 'ObjectId', $set: {}, '': '', __v: 0 },
        { deep: Array.from({ length: 150 }).reduce<unknown>((inner) => [inner], 'x') },
      ];
      const entries = events.map((event, index) => entry(index + 1, event));
      await runs.append('r1', entries);
      expect(await runs.read('r1', 0, 10)).toStrictEqual(entries);
    });

    it('is not changed by whoever wrote or read it', async () => {
      const written = entry(1, { list: ['a'] });
      await runs.append('r1', [written]);
      for (let i = 0; i < 2; i++) {
        (written.event as { list: string[] }).list.push('b');
        const [read] = await runs.read('r1', 0, 1);
        expect(read?.event).toEqual({ list: ['a'] });
        (read!.event as { list: string[] }).list.push('c');
      }
    });

    it('is written by one of two owners', async () => {
      for (let seq = 1; seq <= 20; seq += 2) {
        const wrote = await atOnce(6, ({ runs }, index) =>
          runs.append('r1', [entry(seq, index), entry(seq + 1, index)]),
        );
        expect(wrote.filter(Boolean)).toHaveLength(1);
        const pair = await runs.read('r1', seq - 1, 10);
        expect(pair).toStrictEqual([entry(seq, wrote.indexOf(true)), entry(seq + 1, wrote.indexOf(true))]);
      }
    });

    it('refuses an owner of before', async () => {
      const { runs: other } = await open();
      await runs.append('r1', [entry(1, 'old')]);
      await other.renew('r1', 1, { state: 'RUNNING', owner: 'o2' });
      expect(await other.append('r1', [{ ...entry(2, 'new'), term: 2 }])).toBe(true);
      expect(await runs.append('r1', [entry(2, 'old'), entry(3, 'old')])).toBe(false);
      expect(await runs.renew('r1', 1, { state: 'RUNNING', owner: 'o1' })).toBeUndefined();
      expect(await other.read('r1', 0, 9)).toStrictEqual([entry(1, 'old'), { ...entry(2, 'new'), term: 2 }]);
      expect(await runs.append('r1', [])).toBe(true);
    });

    it('shows each entry to everybody as soon as it is stored', async () => {
      const { runs: other } = await open();
      for (let seq = 1; seq <= 50; seq++) {
        await runs.append('r1', [entry(seq, seq)]);
        expect(await other.read('r1', seq - 1, 9)).toEqual([entry(seq, seq)]);
      }
      const renewed = await other.renew('r1', 1, { state: 'WAITING', owner: 'o2' });
      expect(await runs.find('r1')).toEqual(renewed);
    });

    it('takes 8 MB, and refuses more with its size, all of a batch', async () => {
      const largest = entry(1, 'ü'.repeat(largestBytes / 2 - 1));
      expect(await runs.append('r1', [largest])).toBe(true);
      const refused = runs.append('r1', [entry(2, 'small'), entry(3, 'x'.repeat(largestBytes - 1))]);
      await expect(refused).rejects.toMatchObject({
        reason: 'too_large',
        retry: 'never',
        message: 'The journal entry 3 has 8000001 bytes as JSON, the store keeps 8000000 at most.',
      });
      const message = { key: 'm', time: now, document: 'ü'.repeat(largestBytes / 2) };
      await expect(runs.post('r1', message)).rejects.toMatchObject({ reason: 'too_large' });
      expect(await runs.append('r1', [entry(2, 'next')])).toBe(true);
      expect((await runs.read('r1', 0, 9)).map(({ event }) => String(event).length)).toEqual([3_999_999, 4]);
      expect(await runs.messages('r1')).toEqual([]);
    });

    it('refuses what JSON cannot hold, all of a batch', async () => {
      const endless: Record<string, unknown> = {};
      endless['self'] = endless;
      for (const event of [endless, undefined, 1n]) {
        const refused = runs.append('r1', [entry(1, 'small'), entry(2, event)]);
        await expect(refused).rejects.toMatchObject({ reason: 'invalid_request', retry: 'never' });
      }
      expect(await runs.read('r1', 0, 9)).toEqual([]);
    });
  });
}

function entry(seq: number, event: unknown): JournalEntry {
  return { seq, term: 1, time: now + seq / 2, event };
}
