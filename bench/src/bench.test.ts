import { describe, expect, it } from 'vitest';
import { parseStat } from './process-cost.ts';
import { median, percentile } from './statistics.ts';
import { table } from './table.ts';

describe('statistics', () => {
  const oneToTen = [3, 1, 2, 10, 4, 5, 9, 7, 8, 6];

  it('finds the value that a part of all do not exceed', () => {
    expect(percentile(oneToTen, 0.5)).toBe(5);
    expect(percentile(oneToTen, 0.99)).toBe(10);
    expect(percentile([7], 0.01)).toBe(7);
  });

  it('takes the middle, or what lies between the two in the middle', () => {
    expect(median([9, 1, 5])).toBe(5);
    expect(median(oneToTen)).toBe(5.5);
  });
});

describe('parseStat', () => {
  it('reads parent and CPU time, whatever the name of the program', () => {
    const text = '4242 (a (b) c) S 17 4242 4242 0 -1 4194560 1500 0 3 0 123 45 6 7 20 0 11 0 987654 1000000 2000';
    expect(parseStat(text)).toEqual({ parentPid: 17, cpuMs: 1_680 });
  });
});

describe('table', () => {
  it('aligns words to the left and numbers to the right', () => {
    const rows = [
      ['target', 'req/s'],
      ['direct', '3200'],
      ['us', '80'],
    ];
    expect(table(rows)).toBe('target  req/s\ndirect   3200\nus         80');
  });
});
