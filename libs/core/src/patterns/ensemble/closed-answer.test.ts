import { expect, test } from 'vitest';
import { answerOf, kindOf, statedAnswer } from './closed-answer.ts';

test.each([
  ['42', 'number', '42'],
  ['So 6*7 is 42.\n\n\\boxed{42}', 'number', '42'],
  ['She sells 9 * 2 eggs.\n#### 1,234', 'number', '1234'],
  ['Final answer: $1,234.50', 'number', '1234.5'],
  ['The answer is 42, because 6*7=42.', 'number', '42'],
  ['The answer is 6*7 = 42.', 'number', '42'],
  ['**Answer:** −0.50', 'number', '-0.5'],
  ['Answer: 1\u202f234 567'.replace(' 5', '\u202f5'), 'number', '1234567'],
  ['\\boxed{\\frac{1}{2}}', 'number', '0.5'],
  ['Answer: 1e3 metres', 'number', '1000'],
  ['Answer: 12345678901234567891', 'number', '12345678901234567891'],
  ['<think>The answer is 3</think>The answer is 4', 'number', '4'],
  ['B', 'choice', 'B'],
  ['The answer is (C).', 'choice', 'C'],
  ['**Answer: D) all of these**', 'choice', 'D'],
  ['The answer is **São Paulo**.', 'text', 'sao paulo'],
  ['The Beatles', 'text', 'beatles'],
  ['answer is Dr. Smith.', 'text', 'dr smith'],
  ['Answer: 2024-05-01', 'text', '2024 05 01'],
  ['Answer: Apollo 11', 'text', 'apollo 11'],
  ['日本', 'text', '日 本'],
  ['{"b": 1, "a": [1, 2.0]}', 'json', '{"a":[1,2],"b":1}'],
  ['```json\n{"a": 1}\n```', 'json', '{"a":1}'],
  ['It is done so:\n```python\n# add\ndef f(a):\n  return  a\n\n```\n', 'code', 'def f(a):\n return a'],
])('%j states a %s', (text, kind, key) => {
  expect(statedAnswer(text)).toMatchObject({ kind, key });
});

test.each([
  '',
  '   ',
  '?!',
  'I think that this is a long story about something that never ends and has many words.',
  'There are 3 sides to it. One is that\nthe other is not. #### no heading',
  '#### Introduction\nThis is a long text with a heading and with more than eight words in it.',
])('%j states nothing that can be counted', (text) => {
  expect(statedAnswer(text)).toBeUndefined();
});

test('a kind that is known is read where it is not stated beyond doubt; what has none abstains', () => {
  expect(answerOf('So she has 12 apples and is content with that for the day.', 'number')?.key).toBe('12');
  expect(answerOf('I would choose option C because it alone covers all of the cases.', 'choice')?.key).toBe('C');
  expect(answerOf('Let me think of this for a while, in many words.\nParis', 'text')?.key).toBe('paris');
  expect(answerOf('Here you are: {"a":1}. Anything else that I can do for you today?', 'json')?.key).toBe('{"a":1}');
  for (const kind of ['number', 'choice', 'json', 'code'] as const) {
    expect(answerOf('All the others are wrong, end the debate now.', kind)).toBeUndefined();
  }
});

test('the kind is what more than half state', () => {
  expect(kindOf(['42', 'The answer is 7.', 'I do not know that, for it is a matter of long debates.'])).toBe('number');
  expect(kindOf(['42', 'Paris'])).toBeUndefined();
  expect(kindOf([])).toBeUndefined();
});

test('the same value is the same answer however it is written', () => {
  let seed = 7;
  const random = (): number => (seed = (seed * 48_271) % 2_147_483_647) / 2_147_483_647;
  for (let times = 0; times < 500; times++) {
    const value = Math.round((random() - 0.5) * 10 ** Math.floor(random() * 9)) / 10 ** Math.floor(random() * 3);
    const grouped = value.toLocaleString('en-US', { maximumFractionDigits: 3 });
    const writings = [`${value}`, grouped, `$${grouped}`, `x = ${value}`, `**${grouped}**`, `${grouped} km`];
    for (const written of writings) {
      for (const text of [`The answer is ${written}.`, `so\n#### ${written}`, `\\boxed{${written}}`]) {
        expect(statedAnswer(text), `${text} (${value})`).toMatchObject({ kind: 'number', key: String(value + 0) });
      }
    }
  }
});

test('long and hostile texts are read in no time', () => {
  const hostile = ['```a\n', 'answer is ', '\\boxed{', '{"a":[', '1,', '#### ', '(A'].map((part) => part.repeat(3_000));
  const before = performance.now();
  for (const text of hostile)
    for (const kind of ['number', 'choice', 'json', 'code', 'text'] as const) answerOf(text, kind);
  expect(performance.now() - before).toBeLessThan(1_000);
});
