import { expect, it } from 'vitest';
import { createFirstOutputs } from './first-outputs.ts';

function observed(times: readonly number[]) {
  const outputs = createFirstOutputs();
  for (const ms of times) outputs.observe('m', ms);
  return outputs;
}

const upTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index + 1);

it('is what 19 of 20 calls of a model stay under', () => {
  expect(observed(upTo(20)).usualMs('m')).toBe(19);
  expect(observed(upTo(40).toReversed()).usualMs('m')).toBe(38);
  expect(observed(upTo(20)).usualMs('other')).toBe(0);
});

it('is unknown before there were twenty', () => {
  expect(observed(upTo(19)).usualMs('m')).toBe(0);
  expect(observed([]).usualMs('m')).toBe(0);
});

it('is that of the last hundred', () => {
  expect(observed([...upTo(100).map(() => 9_000), ...upTo(100)]).usualMs('m')).toBe(95);
  expect(observed([9_000, 9_000, 9_000, 9_000, 9_000, 9_000, ...upTo(95)]).usualMs('m')).toBe(95);
});
