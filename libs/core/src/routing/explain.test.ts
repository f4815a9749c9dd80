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
  });

  it('says how much worse, if the policy wanted it so', () => {
    const cold = option('b', { loadMs: 61_000 }, { evict: ['x'] });
    expect(reasonFor(cold, [warm, cold])).toBe('load in place of x, 1 of 2 cheaper, by up to 1 min');
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
    expect(otherwise(warm, [warm], [])).toBe('');
  });
});
