import { expect, it } from 'vitest';
import { parseGoDuration } from './go-duration.ts';

it.each([
  ['5m', 300_000],
  ['1h2m3.5s', 3_723_500],
  ['-1m', -60_000],
  ['+.5s', 500],
  ['100us', 0.1],
  ['0', 0],
])('%s', (text, ms) => expect(parseGoDuration(text)).toEqual({ ms }));

it.each([
  ['', 'time: invalid duration ""'],
  ['abc', 'time: invalid duration "abc"'],
  ['.', 'time: invalid duration "."'],
  ['300', 'time: missing unit in duration "300"'],
  ['5x', 'time: unknown unit "x" in duration "5x"'],
])('refuses %j', (text, error) => expect(parseGoDuration(text)).toEqual({ error }));
