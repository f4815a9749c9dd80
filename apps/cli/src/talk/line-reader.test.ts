import { expect, it } from 'vitest';
import { createLineReader } from './line-reader.ts';

it.each([
  ['a line', ['hello'], 'hello'],
  ['quotes on one line', ['"""hello"""'], 'hello'],
  ['quotes on lines of their own', ['"""', 'a', 'b', '"""'], '\na\nb\n'],
  ['quotes at the text', ['"""a', '', 'b"""'], 'a\n\nb'],
  ['a text before the quotes', ['/set system """a', 'b"""'], '/set system a\nb'],
])('%s', (_, lines, text) => {
  const reader = createLineReader();
  const results = lines.map((line) => reader.push(line));
  expect(results).toEqual([...lines.slice(1).map(() => undefined), text]);
  expect(reader.open).toBe(false);
});

it('an open text can be forgotten', () => {
  const reader = createLineReader();
  reader.push('"""a');
  expect(reader.open).toBe(true);
  reader.reset();
  expect(reader.push('b')).toBe('b');
});
