import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { check } from './check.ts';
import { hashOf } from './history.ts';
import { runSeed } from './run-seed.ts';

/** Seeds that found something once. */
const regressions = JSON.parse(readFileSync(new URL('regressions.json', import.meta.url), 'utf8')) as number[];

const batches = 8;
const seedsPerBatch = 25;

async function violationsOf(seeds: readonly number[]): Promise<string[]> {
  const found: string[] = [];
  for (const seed of seeds) {
    const { history } = await runSeed(seed);
    for (const { rule, atMs, what } of check(history))
      found.push(`seed ${seed} at ${atMs.toFixed(0)} ms: ${rule}: ${what}`);
  }
  return found;
}

describe('simulation', { timeout: 120_000 }, () => {
  it.each(Array.from({ length: batches }, (_, batch) => batch * seedsPerBatch + 1))(
    'keeps all invariants, 25 seeds from %i',
    async (from) => {
      expect(await violationsOf(Array.from({ length: seedsPerBatch }, (_, index) => from + index))).toEqual([]);
    },
  );

  it('keeps all invariants with the seeds that once broke one', async () => {
    expect(await violationsOf(regressions)).toEqual([]);
  });

  it('makes the same history of the same seed', async () => {
    const [first, second, other] = [await runSeed(4), await runSeed(4), await runSeed(5)].map(({ history }) =>
      hashOf(history),
    );
    expect(second).toBe(first);
    expect(other).not.toBe(first);
  });
});
