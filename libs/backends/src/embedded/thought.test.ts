import { describe, expect, it } from 'vitest';
import { thought, type ThoughtTags } from './thought.ts';

const tags: ThoughtTags = { open: '<think>', close: '</think>', startsOpen: false };

function split(text: string, size: number, given: ThoughtTags | undefined): { thinking: string; text: string } {
  const parts = thought(given);
  const said = [];
  for (let at = 0; at < text.length; at += size) said.push(parts.push(text.slice(at, at + size)));
  said.push(parts.rest());
  return { thinking: said.map((piece) => piece.thinking).join(''), text: said.map((piece) => piece.text).join('') };
}

const cases = [
  {
    name: 'reasoning and answer',
    text: '<think>\nIt is  so.\n</think>\n\nYes, it is.',
    expected: ['It is  so.', 'Yes, it is.'],
  },
  { name: 'no reasoning', text: 'Yes <think>no</think>', expected: ['', 'Yes <think>no</think>'] },
  { name: 'empty reasoning', text: '<think>\n\n</think>\n\nYes', expected: ['', 'Yes'] },
  { name: 'reasoning cut short', text: '<think>\nIt may </thi', expected: ['It may </thi', ''] },
  {
    name: 'reasoning opened by the prompt',
    text: 'So.</think>Yes',
    given: { ...tags, startsOpen: true },
    expected: ['So.', 'Yes'],
  },
];

describe('thought', () => {
  it.each(cases)(
    'tells apart: $name, wherever the pieces are cut',
    ({ text, given = tags, expected: [thinking, answer] }) => {
      for (let size = 1; size <= text.length; size++) {
        expect(split(text, size, given), `pieces of ${size}`).toEqual({ thinking, text: answer });
      }
    },
  );

  it('takes all for the answer when the model does not reason', () => {
    expect(split(' <think>a', 3, undefined)).toEqual({ thinking: '', text: ' <think>a' });
  });
});
