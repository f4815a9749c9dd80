import { expect, it } from 'vitest';
import { bytes, measured, relative, span, thousands } from './format.ts';

it.each([
  [0, '0 B'],
  [999, '999 B'],
  [1_000, '1.0 kB'],
  [1_940_000_000, '1.9 GB'],
  [9_960_000, '10 MB'],
  [999_600, '1.0 MB'],
  [43_000_000_000, '43 GB'],
])('%d bytes are %s', (count, text) => expect(bytes(count)).toBe(text));

it.each([
  [0, '0 seconds'],
  [1_000, '1 second'],
  [59_000, '59 seconds'],
  [3_599_000, '1 hour'],
  [3_601_000, '1 hour'],
  [5_400_000, '1 hour'],
  [7_200_000, '2 hours'],
  [89.9 * 86_400_000, '89 days'],
  [400 * 86_400_000, '1 year'],
])('%d ms span %s', (ms, text) => expect(span(ms)).toBe(text));

it('tells times from now', () => {
  const now = Date.parse('2027-01-31T12:00:00Z');
  expect(relative('2027-01-31T13:00:00Z', now)).toBe('in 1 hour');
  expect(relative('2027-01-31T11:55:00Z', now)).toBe('5 minutes ago');
  expect(relative('', now)).toBe('never');
});

it('tells measurements', () => {
  expect([measured(12.4), measured(2_340), measured(240_000)]).toEqual(['12 ms', '2.3 s', '4 min']);
  expect([thousands(512), thousands(3_140)]).toEqual(['512', '3.1k']);
});
