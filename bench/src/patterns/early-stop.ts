import { syntheticQuestions } from '@tutti/testing';
import { shareOf, type Estimated } from './interval.ts';
import { alike, answered, costOf, namesOf, type Outcome } from './scripts.ts';

/** What stopping a vote early saves. */
export interface EarlyStop {
  readonly stop: 'exact' | 'beta';
  readonly members: number;
  readonly accuracy: number;
  /** Answers that were waited for, on average. */
  readonly heard: number;
  /** The same by the closed formula; only of the exact stop. */
  readonly expected: number | undefined;
  /** Tokens of a question, and of one to which all members answer. */
  readonly tokens: number;
  readonly fixedTokens: number;
  /** As `tokens`, when the members answer one after the other; only of the exact stop. */
  readonly queuedTokens: number | undefined;
  /** Share of the questions that get another answer than if all had been heard. */
  readonly changed: Estimated;
  /** Right answers lost, as a share of the questions. */
  readonly lost: number;
}

interface Options {
  readonly accuracies: readonly number[];
  readonly questions: number;
  readonly seed: number;
}

const settings = [
  { members: 3, stops: ['exact'] },
  { members: 5, stops: ['exact', 'beta'] },
  { members: 9, stops: ['exact', 'beta'] },
] as const;

/** Votes of independent members between two answers, as the formula has them. */
export async function playEarlyStops({ accuracies, questions: count, seed }: Options): Promise<EarlyStop[]> {
  const found: EarlyStop[] = [];
  const questions = syntheticQuestions({ count, seed, wrongAnswers: 1 });
  for (const { members, stops } of settings) {
    for (const accuracy of accuracies) {
      const cast = alike(members, { accuracy });
      const vote = (stop: string, slots?: number): Promise<readonly Outcome[]> => {
        const body = { models: namesOf(cast), strategy: 'vote', answerKind: 'number', stop };
        return answered({ contender: { name: stop, pattern: 'ensemble', body }, cast, questions, seed, slots });
      };
      const fixed = await vote('none');
      for (const stop of stops) {
        const queuedTokens = stop === 'exact' ? costOf(await vote(stop, 1)).tokens : undefined;
        found.push({ ...compared({ stop, members, accuracy }, await vote(stop), fixed), queuedTokens });
      }
    }
  }
  return found;
}

function compared(
  { stop, members, accuracy }: Pick<EarlyStop, 'stop' | 'members' | 'accuracy'>,
  outcomes: readonly Outcome[],
  fixed: readonly Outcome[],
): Omit<EarlyStop, 'queuedTokens'> {
  const right = (all: readonly Outcome[]): number => all.filter(({ isRight }) => isRight).length;
  const heard = outcomes.reduce((sum, { played }) => sum + heardIn(played.entries), 0) / outcomes.length;
  return {
    ...{ stop, members, accuracy, heard },
    expected: stop === 'exact' ? expectedAnswers(members, accuracy) : undefined,
    tokens: costOf(outcomes).tokens,
    fixedTokens: costOf(fixed).tokens,
    changed: shareOf(outcomes.map(({ isRight }, index) => isRight !== fixed[index]!.isRight)),
    lost: (right(fixed) - right(outcomes)) / fixed.length,
  };
}

function heardIn(entries: Outcome['played']['entries']): number {
  return entries.filter(({ event }) => event.type === 'answered').length;
}

/**
 * How many of an odd number of independent votes between two answers are heard until one has a majority: the last that
 * is heard completes it, so of n the majority but one is among the n - 1 before.
 */
export function expectedAnswers(members: number, accuracy: number): number {
  const majority = (members + 1) / 2;
  let expected = 0;
  for (let n = majority; n <= members; n++) {
    const ways = choose(n - 1, majority - 1);
    const wins = (p: number): number => p ** majority * (1 - p) ** (n - majority);
    expected += n * ways * (wins(accuracy) + wins(1 - accuracy));
  }
  return expected;
}

function choose(n: number, k: number): number {
  let ways = 1;
  for (let index = 1; index <= k; index++) ways = (ways * (n - k + index)) / index;
  return ways;
}
