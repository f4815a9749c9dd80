import { describe, expect, it } from 'vitest';
import { asKeepAlive, parseDuration } from './duration.ts';

describe('parseDuration', () => {
  it.each([
    ['0', 0],
    ['5m', 300_000],
    ['1h30m', 5_400_000],
    ['-1m', -60_000],
    ['+1.5s', 1_500],
    ['.5s', 500],
    ['1.s', 1_000],
    ['100ms20us3ns', 100.020003],
    ['2µs', 0.002],
    ['2μs', 0.002],
  ])('reads %s as Go does', (text, ms) => {
    expect(parseDuration(text, 'keep_alive')).toBeCloseTo(ms, 9);
  });

  it.each([
    ['300', 'time: missing unit in duration "300"'],
    ['', 'time: invalid duration ""'],
    ['-', 'time: invalid duration "-"'],
    ['.s', 'time: invalid duration ".s"'],
    ['five minutes', 'time: invalid duration "five minutes"'],
    ['1d', 'time: unknown unit "d" in duration "1d"'],
    ['1constructor', 'time: unknown unit "constructor" in duration "1constructor"'],
    ['1m ', 'time: unknown unit "m " in duration "1m "'],
    ['9999999h', 'time: invalid duration "9999999h"'],
  ])('refuses %j as Go does', (text, message) => {
    expect(() => parseDuration(text, 'keep_alive')).toThrow(message);
  });
});

describe('asKeepAlive', () => {
  it.each([
    ['0', 0],
    ['300', 300_000],
    ['0.5', 500],
    ['-1', -1],
    ['-0.25', -1],
    ['1e300', -1],
    ['"10m"', 600_000],
    ['"-1m"', -1],
  ])('reads %s', (raw, ms) => {
    expect(asKeepAlive({ raw, path: 'keep_alive' })).toBe(ms);
  });

  it('refuses other values', () => {
    expect(() => asKeepAlive({ raw: 'true', path: 'keep_alive' })).toThrow(
      'field "keep_alive" must be a number of seconds or a duration like "5m", got boolean',
    );
  });
});
