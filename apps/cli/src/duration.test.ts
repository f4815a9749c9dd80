import { expect, it } from 'vitest';
import { durationMs } from './duration.ts';

it.each([
  ['500ms', 500],
  ['90s', 90_000],
  ['1h30m', 5_400_000],
  ['0.5h', 1_800_000],
  ['30d', 2_592_000_000],
  ['2w', 1_209_600_000],
])('%s', (text, ms) => expect(durationMs(text)).toBe(ms));

it.each(['', '10', 'h', '1x', '-1h', '1h ', 'an hour', '1h2'])('%o is none', (text) => {
  expect(() => durationMs(text)).toThrow(/90s, 15m, 1h or 30d/);
});
