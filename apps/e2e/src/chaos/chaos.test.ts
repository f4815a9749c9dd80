import { describe, expect, it } from 'vitest';
import { figures, type FigureName } from './figures.ts';
import { mostByChance } from './statistics.ts';

/** Those that say nothing of times, which other work on the machine would spoil. */
const sampled: readonly FigureName[] = ['F1', 'F3', 'F4'];

const seed = 1;

describe('figures of real processes under faults, in a small sample', { timeout: 60_000 }, () => {
  it.each(sampled)(`%s holds (seed ${seed})`, async (name) => {
    const results = await figures[name]('sample', seed);
    expect(results.filter(({ ok }) => !ok)).toEqual([]);
  });

  it(`F8: whoever hangs up leaves nothing behind (seed ${seed})`, async () => {
    const [cancelled, after] = await figures.F8('sample', seed);
    expect(cancelled?.trials).toBeGreaterThan(100);
    expect(after).toMatchObject({ ok: true });
  });
});

describe('what chance leaves possible', () => {
  it.each([
    [1_000, 0.5, 575],
    [10_000, 0.001, 28],
    [400, 0.001, 6],
    [10, 1e-9, 0],
  ])('%i trials at %d', (trials, probability, most) => {
    expect(mostByChance(trials, probability)).toBe(most);
  });
});
