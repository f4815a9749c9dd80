import { expect, it } from 'vitest';
import { estimateFrom, learn, type Estimate } from './estimate.ts';

function learnt(...samples: readonly number[]): Estimate | undefined {
  let estimate: Estimate | undefined;
  for (const sample of samples) estimate = learn(estimate, sample);
  return estimate;
}

it('is at first the mean of its samples, in which half counts as far as twice', () => {
  expect(learnt(100)).toEqual({ value: 100, samples: 1 });
  expect(learnt(100, 400)?.value).toBeCloseTo(200);
  expect(learnt(100, 100, 800)?.value).toBeCloseTo(200);
  expect(learnt(100, 100, 100, 1_600)?.value).toBeLessThan(200);
});

it('gives a new sample a fifth of the weight once there are many', () => {
  const many = Array<number>(20).fill(100);
  expect(learnt(...many, 200)?.value).toBeCloseTo(100 * 2 ** 0.2);
  expect(learnt(...many, 50)?.value).toBeCloseTo(100 / 2 ** 0.2);
  expect(learnt(...many, 200)?.samples).toBe(21);
});

it('takes no sample for further off than four times, once there are three', () => {
  expect(learnt(100, 1_600)?.value).toBeCloseTo(400);
  expect(learnt(100, 100, 1e8)?.value).toBeCloseTo(1e4);
  const three = [100, 100, 100];
  expect(learnt(...three, 1e8)).toEqual(learnt(...three, 400));
  expect(learnt(...three, 1e-8)).toEqual(learnt(...three, 25));
  expect(learnt(...three, 399)).not.toEqual(learnt(...three, 400));
});

it('ignores what is no positive number', () => {
  for (const garbage of [0, -1, NaN, Infinity]) {
    expect(learnt(garbage)).toBeUndefined();
    expect(learnt(100, garbage)).toEqual(learnt(100));
  }
});

it('takes up what was kept, if it is one', () => {
  expect(estimateFrom([12.5, 3.9])).toEqual({ value: 12.5, samples: 3 });
  for (const garbage of [
    undefined,
    {},
    [],
    [1],
    [0, 1],
    [1, 0],
    [-1, 1],
    [NaN, 1],
    [Infinity, 1],
    ['1', 1],
    [1, '1'],
  ]) {
    expect(estimateFrom(garbage)).toBeUndefined();
  }
});
