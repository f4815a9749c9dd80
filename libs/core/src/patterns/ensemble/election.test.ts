import { expect, test } from 'vitest';
import { randomFrom } from '../hash.ts';
import { createElection, type Election, type ElectionOptions } from './election.ts';

const sayings = [
  ...['42', 'Answer: 42', '\\boxed{42.0}', 'Answer: 7', '#### 7', 'Answer: B', '(B)', 'Paris', 'The answer is Paris.'],
  ...['It depends on many things, of which 7 are known and the others are hidden from us.', '{"a":1}', ''],
];

function counted(options: Partial<ElectionOptions>, texts: readonly (string | undefined)[], order: readonly number[]) {
  const voters = texts.map((_, rank) => ({ rank, weight: rank === 2 ? 0.5 : 1 }));
  const election = createElection({ voters, stop: 'exact', isMixed: true, ...options });
  let heard = 0;
  for (const rank of order) {
    election.hear(rank, texts[rank]);
    heard += 1;
    if (election.decided) break;
  }
  return { election, heard };
}

/** What an election came to, whoever spoke for it. */
const outcome = ({ kind, winner, groups }: Election) => ({
  key: winner?.key,
  kind: groups.length > 0 ? kind : undefined,
});

test('an election that stops early ends as one that hears all, in any order', () => {
  let spared = 0;
  for (let seed = 0; seed < 2_000; seed++) {
    const random = randomFrom(`election ${seed}`);
    const pool = 1 + Math.floor(random() * sayings.length);
    const texts = Array.from({ length: 1 + Math.floor(random() * 7) }, () =>
      random() < 0.1 ? undefined : sayings[Math.floor(random() * pool)]!,
    );
    const order = texts.map((_, rank) => ({ rank, by: random() })).toSorted((a, b) => a.by - b.by);
    const ranks = order.map(({ rank }) => rank);
    const options = { isMixed: random() < 0.5, ...(random() < 0.2 && { kind: 'number' as const }) };
    const all = counted({ ...options, stop: 'none' }, texts, ranks.toReversed());
    const early = counted(options, texts, ranks);
    expect(outcome(early.election), `seed ${seed}`).toEqual(outcome(all.election));
    expect(all.heard).toBe(texts.length);
    spared += all.heard - early.heard;
  }
  expect(spared).toBeGreaterThan(500);
});

test('the stop that is only likely right spares more', () => {
  const texts = Array.from({ length: 16 }, () => 'Answer: 42');
  const order = texts.map((_, rank) => rank);
  expect(counted({ stop: 'exact' }, texts, order).heard).toBe(9);
  expect(counted({ stop: 'beta' }, texts, order)).toMatchObject({ heard: 4 });
});

test('open answers have no winner, unless their kind is given or one of them is enough', () => {
  const texts = [
    'I would not say so, for there are many sides to it that nobody has seen yet.',
    'Answer: 3',
    undefined,
  ];
  const order = [0, 1, 2];
  expect(counted({ isMixed: false }, texts, order).election.winner).toBeUndefined();
  expect(counted({ isMixed: true }, texts, order).election.winner).toMatchObject({ rank: 1, key: '3' });
  expect(counted({ isMixed: false, kind: 'choice' }, texts, order).election.winner).toBeUndefined();
});
