import { expect, test } from 'vitest';
import { randomFrom } from '../hash.ts';
import { agreementOf, groupsOf, isDecided, type Ballot } from './ballots.ts';
import { leaderCertainty } from './beta-stop.ts';
import { confidencesOf, isConfidenceDecided } from './confidence.ts';

const weights = [1, 1, 1, 0.5, 0.25];
const keys = ['a', 'b', 'c', 'd'];

/** Voters in an order of their own, some of whom abstain. */
function electionOf(seed: number): readonly (Ballot | { rank: number; weight: number; key?: undefined })[] {
  const random = randomFrom(String(seed));
  const size = 1 + Math.floor(random() * 9);
  const answers = 1 + Math.floor(random() * keys.length);
  const voters = Array.from({ length: size }, (_, rank) => {
    const voter = { rank, weight: weights[Math.floor(random() * weights.length)]! };
    return random() < 0.1 ? voter : { ...voter, key: keys[Math.floor(random() * answers)]! };
  });
  return voters
    .map((voter) => ({ voter, order: random() }))
    .toSorted((a, b) => a.order - b.order)
    .map(({ voter }) => voter);
}

const cast = (voters: ReturnType<typeof electionOf>): Ballot[] => voters.filter((voter) => voter.key !== undefined);

test('stopping when the rest cannot change the winner never changes it, and stops as soon as that is so', () => {
  let stopped = 0;
  for (let seed = 0; seed < 3_000; seed++) {
    const voters = electionOf(seed);
    const winner = groupsOf(cast(voters))[0]?.key;
    for (let heard = 0; heard < voters.length; heard++) {
      const ballots = cast(voters.slice(0, heard));
      const left = voters.slice(heard);
      if (isDecided(ballots, left)) {
        stopped += 1;
        expect(groupsOf(ballots)[0]?.key, `seed ${seed}, after ${heard}`).toBe(winner);
      } else {
        const rivals = [...new Set([...ballots.map(({ key }) => key), 'new', 'newer'])];
        const winners = rivals.map(
          (key) => groupsOf([...ballots, ...left.map((voter) => ({ ...voter, key }))])[0]!.key,
        );
        expect(new Set(winners).size, `seed ${seed}, after ${heard} there was no need to go on`).toBeGreaterThan(1);
      }
    }
  }
  expect(stopped).toBeGreaterThan(500);
});

test('the winner does not depend on the order of the votes', () => {
  for (let seed = 0; seed < 500; seed++) {
    const ballots = cast(electionOf(seed));
    expect(groupsOf(ballots.toReversed()), `seed ${seed}`).toEqual(groupsOf(ballots));
  }
});

test('a tie goes to the first member', () => {
  const ballots = [
    { rank: 1, weight: 1, key: 'b' },
    { rank: 0, weight: 1, key: 'a' },
  ];
  expect(groupsOf(ballots)[0]!.key).toBe('a');
  expect(agreementOf(groupsOf(ballots))).toBe(0.5);
  expect(agreementOf([])).toBe(0);
});

test.each([
  [3, 0, 0.9375],
  [4, 0, 0.96875],
  [3, 1, 0.8125],
  [4, 1, 0.890625],
  [5, 1, 0.9375],
  [6, 1, 0.96484375],
  [0, 0, 0.5],
])('%i votes against %i are certain to %f', (ahead, behind, certainty) => {
  expect(leaderCertainty(ahead, behind)).toBeCloseTo(certainty, 9);
});

const models = [
  { sizeBytes: 1, ranks: [0, 3] },
  { sizeBytes: 2, ranks: [1, 4, 6] },
  { sizeBytes: 2, ranks: [2, 5, 7, 8] },
];

test('the model that agrees most with itself wins; of equals the larger, then the first', () => {
  const ballotsOf = (text: string): Ballot[] =>
    text.split('').flatMap((key, rank) => (key === '-' ? [] : [{ rank, weight: 1, key }]));
  expect(confidencesOf(ballotsOf('axyaxyzzw'), models)[0]).toMatchObject({ place: 0, key: 'a', confidence: 1 });
  expect(confidencesOf(ballotsOf('axyaxyxyy'), models)[0]).toMatchObject({ place: 1, key: 'x', confidence: 1 });
  // What says nothing is no agreement.
  expect(confidencesOf(ballotsOf('a-y--yy-y'), models)[0]).toMatchObject({ place: 2, key: 'y', confidence: 0.75 });
  expect(confidencesOf([], models)).toEqual([]);
});

test('stopping early never changes which model is the most confident, nor what it says', () => {
  let stopped = 0;
  for (let seed = 0; seed < 3_000; seed++) {
    const random = randomFrom(`models ${seed}`);
    const choices = 1 + Math.floor(random() * 3);
    const voters = models
      .flatMap(({ ranks }) => ranks)
      .map((rank) => ({
        rank,
        weight: 1,
        order: random(),
        ...(random() > 0.1 && { key: keys[Math.floor(random() * choices)]! }),
      }))
      .toSorted((a, b) => a.order - b.order);
    const heardOf = (heard: number) => voters.slice(0, heard).filter((voter) => voter.key !== undefined) as Ballot[];
    const [winner] = confidencesOf(heardOf(voters.length), models);
    for (let heard = 0; heard < voters.length; heard++) {
      if (!isConfidenceDecided(heardOf(heard), voters.slice(heard), models)) continue;
      stopped += 1;
      const [now] = confidencesOf(heardOf(heard), models);
      expect([now!.place, now!.key], `seed ${seed}, after ${heard}`).toEqual([winner!.place, winner!.key]);
    }
  }
  expect(stopped).toBeGreaterThan(500);
});
