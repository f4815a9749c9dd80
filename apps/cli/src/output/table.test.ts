import { expect, it } from 'vitest';
import { facts, table } from './table.ts';

it('aligns by what is seen, and leaves no blanks at the ends of lines', () => {
  const rows = [
    ['gpu0', '\u001B[32mready\u001B[39m', ''],
    ['a', 'x'],
  ];
  expect(table(['NODE', 'STATE', 'N'], rows)).toBe('NODE    STATE    N\ngpu0    \u001B[32mready\u001B[39m\na       x');
});

it('cuts the last cell to the width of the terminal, down to a few letters', () => {
  const rows = [
    ['gpu0', 'one two three four five six'],
    ['a', 'short'],
  ];
  expect(table(['NODE', 'SAYS'], rows, 30)).toBe('NODE    SAYS\ngpu0    one two three four fi…\na       short');
  expect(table(['NODE', 'SAYS'], rows, 10)).toContain('gpu0    one two three f…\n');
});

it('leaves out facts that are not known', () => {
  const pairs = [
    ['node', 'gpu0'],
    ['speed', ''],
    ['attempts', '1'],
  ] as const;
  expect(facts(pairs)).toBe('  node        gpu0\n  attempts    1');
});
