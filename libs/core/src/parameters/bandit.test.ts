import { seededRandom } from '@tutti/simulation';
import { expect, test } from 'vitest';
import { betaSample } from './beta-sample.ts';
import { chosenArm, freshArms, meanReward, rewarded, type Arm } from './bandit.ts';

/** Plays so many rounds in which each arm brings 1 with its own chance; returns the arms and who was chosen lately. */
function played(chances: Record<string, number>, rounds: number, seed: number): { arms: Arm[]; late: string[] } {
  const random = seededRandom(seed);
  let arms = freshArms(Object.keys(chances));
  const late: string[] = [];
  for (let round = 0; round < rounds; round++) {
    const { name } = chosenArm(arms, random);
    arms = rewarded(arms, name, random() < chances[name]! ? 1 : 0);
    if (round >= rounds - 500) late.push(name);
  }
  return { arms, late };
}

const share = (names: readonly string[], name: string): number => names.filter((n) => n === name).length / names.length;

test.each([1, 2, 3])('a better preset is found and used (seed %i)', (seed) => {
  const { late } = played({ standard: 0.5, worse: 0.2, better: 0.85 }, 5_000, seed);
  expect(share(late, 'better')).toBeGreaterThan(0.85);
  expect(share(late, 'worse')).toBeLessThan(0.1);
});

test.each([1, 2, 3])('without a better one the default stays (seed %i)', (seed) => {
  const { late } = played({ standard: 0.8, a: 0.6, b: 0.5 }, 5_000, seed);
  expect(share(late, 'standard')).toBeGreaterThan(0.9);
});

test('an arm is not preferred before it has shown enough', () => {
  const lucky: Arm[] = [
    { name: 'standard', pulls: 100, gained: 50 },
    { name: 'lucky', pulls: 19, gained: 19 },
  ];
  expect(chosenArm(lucky, () => 0.5).name).toBe('standard');
  const arms = rewarded(lucky, 'lucky', 1);
  expect(chosenArm(arms, () => 0.5).name).toBe('lucky');
});

test('an arm that turns bad is rolled back', () => {
  let arms: Arm[] = [
    { name: 'standard', pulls: 100, gained: 70 },
    { name: 'other', pulls: 30, gained: 29 },
  ];
  expect(chosenArm(arms, () => 0.5).name).toBe('other');
  for (let i = 0; i < 20; i++) arms = rewarded(arms, 'other', 0);
  expect(chosenArm(arms, () => 0.5).name).toBe('standard');
});

test('rewards stay between 0 and 1, and the mean starts at a half', () => {
  const arms = rewarded(rewarded(freshArms(['a']), 'a', 7), 'a', -3);
  expect(arms).toEqual([{ name: 'a', pulls: 2, gained: 1 }]);
  expect(meanReward(freshArms(['a'])[0]!)).toBe(0.5);
});

test.each([
  [1, 1],
  [9, 3],
  [2, 30],
])('samples of beta(%i, %i) have its mean and variance', (alpha, beta) => {
  const random = seededRandom(5);
  const values = Array.from({ length: 100_000 }, () => betaSample(alpha, beta, random));
  const mean = values.reduce((a, b) => a + b) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
  const total = alpha + beta;
  expect(mean).toBeCloseTo(alpha / total, 2);
  expect(variance).toBeCloseTo((alpha * beta) / (total * total * (total + 1)), 3);
});
