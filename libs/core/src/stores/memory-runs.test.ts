import { describe, expect, it } from 'vitest';
import { createMemoryRuns } from './memory-runs.ts';
import type { RunRecord } from './runs.ts';

const head = (id: string): RunRecord => ({
  ...{ id, pattern: 'p', key: 'k', title: '', state: 'RUNNING', createdAt: 0, owner: 'o', revision: 1 },
});
const entry = (seq: number, characters: number) => ({ seq, term: 1, time: 0, event: 'x'.repeat(characters) });

/** Room for two runs of 40,000 characters. */
function small() {
  const runs = createMemoryRuns({ maxBytes: 170_000 });
  const begin = async (id: string, characters = 40_000): Promise<void> => {
    await runs.create(head(id));
    await runs.append(id, [entry(1, characters)]);
  };
  const end = (id: string) => runs.renew(id, 1, { state: 'COMPLETED', owner: 'o', endedAt: 1 });
  const ids = async (): Promise<string[]> => (await runs.list({}, { limit: 99 })).map(({ id }) => id).toSorted();
  return { runs, begin, end, ids };
}

const full = { reason: 'overloaded', retryAfterMs: 5_000 };

describe('runs in memory that may take so many bytes', () => {
  it('forget those that ended first', async () => {
    const { begin, end, ids } = small();
    await begin('a');
    await begin('b');
    await end('b');
    await end('a');
    await begin('c');
    expect(await ids()).toEqual(['a', 'c']);
    await begin('d');
    expect(await ids()).toEqual(['c', 'd']);
  });

  it('refuse another while those that go on fill them, and keep nothing of it', async () => {
    const { runs, begin, end, ids } = small();
    await begin('a');
    await begin('b');
    await expect(begin('c')).rejects.toMatchObject(full);
    expect(await ids()).toEqual(['a', 'b']);
    await end('a');
    await begin('c');
    expect(await ids()).toEqual(['b', 'c']);
    expect(await runs.removeEnded(9)).toBe(0);
  });

  it('take of a run that goes on only what tells its end', async () => {
    const { runs, begin } = small();
    await begin('a');
    await begin('b');
    await expect(runs.append('a', [entry(2, 20_000)])).rejects.toMatchObject(full);
    await expect(runs.post('a', { key: 'm', time: 0, document: 'x'.repeat(20_000) })).rejects.toMatchObject(full);
    expect(await runs.append('a', [entry(2, 1_000)])).toBe(true);
    expect(await runs.read('a', 1, 9)).toHaveLength(1);
  });

  it('have room again for all that was forgotten', async () => {
    const { runs, begin, end, ids } = small();
    for (const id of ['a', 'b', 'c', 'd']) {
      await begin(id, 80_000);
      await end(id);
      expect(await ids()).toEqual([id]);
      expect(await runs.removeEnded(2)).toBe(1);
    }
  });
});
