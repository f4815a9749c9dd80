import { syntheticQuestions } from '@tutti/testing';
import { alike, answered, namesOf, type CastModel, type Contender, type Outcome } from './scripts.ts';

/** Models of one kind, as the map has them. */
export interface Cell {
  readonly accuracy: number;
  readonly correlation: number;
  /** By contender. */
  readonly outcomes: ReadonlyMap<string, readonly Outcome[]>;
}

export interface MapOptions {
  readonly accuracies: readonly number[];
  readonly correlations: readonly number[];
  /** Asked in each cell. */
  readonly questions: number;
  readonly seed: number;
}

/** How members of a debate take what they are shown. */
const listeners = {
  'debate, yielding': 0.2,
  'debate, stubborn': 0.8,
  'debate, discerning': { right: 0.9, wrong: 0.4 },
} as const;

export const debates = Object.keys(listeners);

const positionBias = 0.2;

/** Plays every contender in every cell of the grid, each with the same questions. */
export async function playMap({ accuracies, correlations, questions: count, seed }: MapOptions): Promise<Cell[]> {
  const cells: Cell[] = [];
  for (const accuracy of accuracies) {
    for (const correlation of correlations) {
      const questions = syntheticQuestions({ count, seed });
      const play = (contender: Contender, cast: readonly CastModel[]): Promise<readonly Outcome[]> =>
        answered({ contender, cast, questions, seed });
      const outcomes = new Map<string, readonly Outcome[]>();
      const members = alike(5, { accuracy, correlation });
      for (const contender of plain(members)) outcomes.set(contender.name, await play(contender, members));
      for (const [name, stubbornness] of Object.entries(listeners)) {
        const debaters = alike(3, { accuracy, correlation, stubbornness });
        const judge = { name: 'judge', accuracy, correlation, positionBias };
        const body = { models: namesOf(debaters), judge: 'judge', debateRounds: 2 };
        outcomes.set(name, await play({ name, pattern: 'debate', body }, [...debaters, judge]));
      }
      for (const contender of cascades) outcomes.set(contender.name, await play(contender, cascade(members[0]!)));
      cells.push({ accuracy, correlation, outcomes });
    }
  }
  return cells;
}

function plain(members: readonly CastModel[]): readonly Contender[] {
  const vote = (size: number): Contender => {
    const body = { models: namesOf(members.slice(0, size)), strategy: 'vote', answerKind: 'number' };
    return { name: `vote ${size}`, pattern: 'ensemble', body };
  };
  return [{ name: 'single', pattern: 'single', body: { models: ['m1'] } }, vote(3), vote(5)];
}

const cascades: readonly Contender[] = [
  { name: 'auto', pattern: 'auto', body: {} },
  { name: 'larger', pattern: 'single', body: { models: ['l1'] } },
];

/** A small model, and three larger ones that make half as many errors. */
function cascade(small: CastModel): readonly CastModel[] {
  const larger = alike(3, { ...small, accuracy: (1 + small.accuracy) / 2 });
  return [small, ...larger.map((model, index) => ({ ...model, name: `l${index + 1}`, sizeBytes: 8e9 }))];
}
