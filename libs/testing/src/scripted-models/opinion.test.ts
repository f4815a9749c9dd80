import { expect, it } from 'vitest';
import { createDraw } from './draw.ts';
import { opinionOf } from './opinion.ts';
import { syntheticQuestions } from './questions.ts';

const questions = syntheticQuestions({ count: 5_000, seed: 3 });
const draw = createDraw(3);

function opinions(name: string, accuracy: number, correlation: number, sample = '1'): string[] {
  return questions.map((question) => opinionOf({ name, accuracy, correlation }, question, sample, draw));
}

function hits(answers: readonly string[]): number[] {
  return answers.map((answer, index) => (answer === questions[index]!.answer ? 1 : 0));
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function correlationOf(a: readonly number[], b: readonly number[]): number {
  const [meanA, meanB] = [mean(a), mean(b)];
  const covariance = mean(a.map((value, index) => (value - meanA) * (b[index]! - meanB)));
  return covariance / Math.sqrt(meanA * (1 - meanA) * meanB * (1 - meanB));
}

it.each([
  { accuracy: 0.45, correlation: 0 },
  { accuracy: 0.75, correlation: 0.4 },
  { accuracy: 0.9, correlation: 0.8 },
])('is right and alike as often as given: $accuracy, $correlation', ({ accuracy, correlation }) => {
  const first = hits(opinions('a', accuracy, correlation));
  const second = hits(opinions('b', accuracy, correlation));
  expect(Math.abs(mean(first) - accuracy)).toBeLessThan(0.02);
  expect(Math.abs(mean(second) - accuracy)).toBeLessThan(0.02);
  expect(Math.abs(correlationOf(first, second) - correlation)).toBeLessThan(0.05);
});

it('shares wrong answers as far as it is correlated', () => {
  const shared = (correlation: number): number => {
    const [a, b] = [opinions('a', 0.6, correlation), opinions('b', 0.6, correlation)];
    const bothWrong = questions.flatMap(({ answer }, index) =>
      a[index] === answer || b[index] === answer ? [] : [a[index] === b[index] ? 1 : 0],
    );
    return mean(bothWrong);
  };
  expect(shared(0)).toBeCloseTo(1 / 4, 1);
  expect(shared(0.8)).toBeGreaterThan(0.8);
});

it('says the same to the same sample of a question, and not to another', () => {
  expect(opinions('a', 0.6, 0)).toEqual(opinions('a', 0.6, 0));
  const [first, second] = [hits(opinions('a', 0.6, 0)), hits(opinions('a', 0.6, 0, '2'))];
  expect(Math.abs(correlationOf(first, second))).toBeLessThan(0.05);
});

it('finds every wrong answer plausible, and none of them right', () => {
  const said = new Set(opinions('a', 0.3, 0).map((answer, index) => questions[index]!.wrong.indexOf(answer)));
  expect(said).toEqual(new Set([-1, 0, 1, 2, 3]));
  expect(questions.some(({ answer, wrong }) => wrong.includes(answer))).toBe(false);
});
