import { expect, it } from 'vitest';
import { tallyText } from './tally-text.ts';

const tally = { taskType: 'math', debates: 12, disputed: 3, changed: 1 };

it.each([
  [{ tally }, '12 here about math: in 3 members spoke again, and 1 changed the first vote'],
  [{ tally: { ...tally, debates: 40 } }, /first vote\. A vote costs less: --pattern ensemble --strategy vote$/],
  [{ tally: { ...tally, debates: 9, changed: 0 } }, /0 changed the first vote$/],
  [{ text: 'x' }, ''],
  [undefined, ''],
])('%j', (result, expected) => {
  if (typeof expected === 'string') expect(tallyText(result)).toBe(expected);
  else expect(tallyText(result)).toMatch(expected);
});
