import { expect, test } from 'vitest';
import { hardPairs } from '../ensemble/hard-pairs.fixture.ts';
import { openAnswers } from '../ensemble/open-answers.fixture.ts';
import { agreementAmong, contradict, sayTheSame } from './agreement.ts';

test('of 52 labelled pairs of open answers 51 are told right, and one that differs is taken for the same', () => {
  const pairs = [
    ...openAnswers.map(({ question, answer, same }) => ({ question, a: answer, b: same, same: true })),
    ...openAnswers.map(({ question, answer, other }) => ({ question, a: answer, b: other, same: false })),
    ...hardPairs,
  ];
  const wrong = pairs.filter(({ question, a, b, same }) => sayTheSame(a, b, question) !== same);
  expect(pairs).toHaveLength(52);
  // By their words, "it is safe" and "it is not safe" are nearly the same.
  expect(wrong.map(({ question, same }) => [question, same])).toEqual([['Is it safe to eat raw kidney beans?', false]]);
});

test('one that differs is enough for open answers not to agree', () => {
  const { question, answer, same, other } = openAnswers[0]!;
  expect(agreementAmong([answer, same, answer], question).agree).toBe(true);
  expect(agreementAmong([answer, other, same], question).agree).toBe(false);
  expect(agreementAmong([answer], question).agree).toBe(false);
  expect(agreementAmong([], question).agree).toBe(false);
});

test('closed answers agree when all are equal', () => {
  expect(agreementAmong(['42', 'Answer: 42.0', '\\boxed{42}'], 'q')).toEqual({
    kind: 'number',
    agreement: 1,
    agree: true,
  });
  expect(agreementAmong(['42', 'I cannot say, for it is not known to anybody at all.', '42'], 'q').agree).toBe(false);
  expect(contradict(['42', '7'])).toBe(true);
  expect(contradict(['42', 'Paris'])).toBe(false);
});
