import { expect, it } from 'vitest';
import { duration, gigabytes, thousands } from './figures.ts';

it.each([
  [0, '0 GB'],
  [4.66e9, '4.7 GB'],
  [99.94e9, '99.9 GB'],
  [100.4e9, '100 GB'],
  [512e9, '512 GB'],
])('says %d bytes in gigabytes', (bytes, text) => expect(gigabytes(bytes)).toBe(text));

it.each([
  [0, '0'],
  [999.4, '999'],
  [999.5, '1,000'],
  [8_192, '8,192'],
  [1_000_000, '1,000,000'],
  [1_002_003, '1,002,003'],
])('puts commas into %d', (count, text) => expect(thousands(count)).toBe(text));

it.each([
  [0, '0 ms'],
  [949, '949 ms'],
  [951, '1 s'],
  [1_249, '1.2 s'],
  [9_949, '9.9 s'],
  [9_950, '10 s'],
  [59_499, '59 s'],
  [59_500, '1 min'],
  [200_000, '3 min'],
])('says %d ms as briefly as it may', (ms, text) => expect(duration(ms)).toBe(text));
