import { describe, expect, it } from 'vitest';
import { otherwise, reasonFor } from './explain.ts';
import type { CostParts, Option } from './option.ts';

function option(node: string, parts: Partial<CostParts>, changes: Partial<Option> = {}): Option {
  const all = { waitMs: 0, loadMs: 0, prefillMs: 100, decodeMs: 2_000, evictionMs: 0, ...parts };
  return {
    node,
    kind: all.loadMs > 0 ? 'load' : 'resident',
    startAt: 0,
    durationMs: 0,
    startable: true,
    numCtx: 4_096,
    evict: [],
    evictsBusy: false,
    cachedTokens: 0,
    parts: all,
    totalMs: Object.values(all).reduce((sum, ms) => sum + ms, 0),
    ...changes,
  };
}

const warm = option('a', {});

describe('reasonFor', () => {
  it('says how much better it is than the next', () => {
    expect(reasonFor(warm, [warm, option('b', { loadMs: 5_000 }), option('c', { waitMs: 1_200 })])).toBe(
      'resident, cheapest of 3 by 1.2 s',
    );
    expect(reasonFor(warm, [warm])).toBe('resident, only node that can');
    expect(reasonFor(option('b', { loadMs: 5_000 }), [option('b', { loadMs: 5_000 })])).toBe(
      'load, only node that can',
    );
    expect(reasonFor(warm, [warm, option('b', {})])).toBe('resident, cheapest of 2 by 0 ms');
  });

  it('says how much worse, if the policy wanted it so', () => {
    const cold = option('b', { loadMs: 61_000 }, { evict: ['x'] });
    expect(reasonFor(cold, [warm, cold])).toBe('load in place of x, 1 of 2 cheaper, by up to 1 min');
    const options = [option('c', { waitMs: 1_000 }), cold, warm, option('d', { loadMs: 61_000 })];
    expect(reasonFor(cold, options)).toBe('load in place of x, 2 of 4 cheaper, by up to 1 min');
  });
});

describe('otherwise', () => {
  it('names what made the difference', () => {
    const text = (parts: Partial<CostParts>) => otherwise(warm, [warm, option('b', parts)], []);
    expect(text({ waitMs: 3_000 })).toBe('b would have been chosen had its wait been under 0 ms instead of 3 s.');
    expect(text({ waitMs: 3_000, decodeMs: 1_000 })).toBe(
      'b would have been chosen had its wait been under 1 s instead of 3 s.',
    );
    expect(text({ loadMs: 5_000 })).toBe('b would have been chosen had it had the model in memory.');
    expect(text({ waitMs: 500, loadMs: 500 })).toBe(
      'b would have been chosen had it been free as soon and had the model in memory.',
    );
  });

  it('compares with the best of the others', () => {
    const options = [
      option('c', { waitMs: 9_000 }),
      warm,
      option('b', { waitMs: 3_000 }),
      option('d', { loadMs: 5_000 }),
    ];
    expect(otherwise(warm, options, [])).toContain('b would have been chosen');
    expect(otherwise(warm, [warm, option('b', {})], [])).toBe('b would have done as well.');
  });

  it('names the part, and how little would have done', () => {
    const text = (parts: Partial<CostParts>) => otherwise(warm, [warm, option('b', parts)], []);
    expect(text({ prefillMs: 1_100 })).toBe(
      'b would have been chosen had it read the prompt in under 100 ms instead of 1.1 s.',
    );
    expect(text({ decodeMs: 8_000 })).toBe(
      'b would have been chosen had it generated the answer in under 2 s instead of 8 s.',
    );
    expect(text({ evictionMs: 4_000 })).toBe(
      'b would have been chosen had its evictions cost others under 0 ms instead of 4 s.',
    );
    expect(text({ loadMs: 5_000, decodeMs: 1_000 })).toBe(
      'b would have been chosen had it loaded the model in under 1 s instead of 5 s.',
    );
  });

  it('names no more parts than together make the difference, the largest first', () => {
    const text = (parts: Partial<CostParts>) => otherwise(warm, [warm, option('b', parts)], []);
    expect(text({ waitMs: 1_000, loadMs: 1_001, prefillMs: 1_000, decodeMs: 2_000 - 899.5 })).toBe(
      'b would have been chosen had it had the model in memory, been free as soon and read the prompt as fast.',
    );
    // 2,400 ms more in three parts, and 900 ms less in another.
    expect(text({ waitMs: 500, loadMs: 1_000, prefillMs: 1_000, decodeMs: 1_100 })).toBe(
      'b would have been chosen had it had the model in memory and read the prompt as fast.',
    );
    expect(text({ waitMs: 500, loadMs: 600, evictionMs: 400 })).toBe(
      'b would have been chosen had it had the model in memory, been free as soon and had to take nothing more out of memory.',
    );
  });

  it('names the node that is cheaper, where the policy looks at other things', () => {
    const cold = option('b', { loadMs: 5_000 });
    expect(otherwise(cold, [warm, cold], [])).toBe('By cost alone a would have been chosen: 5 s less.');
  });

  it('says why there was no choice', () => {
    const exclusions = [
      { node: 'b', reason: 'it takes no calls now' },
      { node: 'c', reason: 'it does not have "m"' },
    ];
    expect(otherwise(warm, [warm], exclusions)).toBe(
      'No other node could run it: b: it takes no calls now, and 1 more could not either.',
    );
    expect(otherwise(warm, [warm], exclusions.slice(0, 1))).toBe(
      'No other node could run it: b: it takes no calls now.',
    );
    expect(otherwise(warm, [warm], [])).toBe('');
  });
});
