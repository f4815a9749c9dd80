import { expect, it } from 'vitest';
import { isOlder } from './is-older.ts';

it.each([
  ['0.5.1', '0.9.0', true],
  ['0.9.0', '0.9.0', false],
  ['0.17.4', '0.9.0', false],
  ['1.0', '0.9.9', false],
  ['0.9', '0.9.1', true],
  ['0.9.0-rc1', '0.9.0', false],
])('%s before %s: %s', (version, than, older) => expect(isOlder(version, than)).toBe(older));
