import { z } from 'zod';
import { answerOf, type AnswerKind } from '../ensemble/closed-answer.ts';
import { wordsOf } from '../ensemble/words.ts';

const mostCharacters = 6_000;

const statement = {
  reasoning: z.string().transform(cut).describe('the steps, at most 200 words'),
  answer: z.string().trim().min(1).transform(cut).describe('the bare result if there is one, else the whole answer'),
  confidence: z
    .number()
    .min(0)
    .max(100)
    .transform((value) => (value > 1 ? value / 100 : value))
    .describe('from 0 to 1'),
};

/** What a member says first. */
export const statementShape = z.object(statement);

/** What a member says to the others. */
export const rejoinderShape = z.object({
  quote: z.string().describe("the step of another's argument that shows yours to be wrong, word for word; else empty"),
  ...statement,
});

/** Where a member stands. */
export interface Position extends z.infer<typeof statementShape> {
  /** Place in the list of members. */
  readonly member: number;
  readonly model: string;
  /** The same for answers that mean the same. */
  readonly key: string;
}

/** What an answer is counted as. One that is not of the kind of the others stands for itself. */
export function keyOf(answer: string, kind: AnswerKind | undefined): string {
  const closed = kind && answerOf(answer, kind)?.key;
  return closed ?? wordsOf(answer).join(' ');
}

/** A statement as people read it. */
export function contentOf({ reasoning, answer }: Pick<Position, 'reasoning' | 'answer'>): string {
  return reasoning.trim() === '' ? answer : `${reasoning.trim()}\n\n${answer}`;
}

function cut(text: string): string {
  return text.slice(0, mostCharacters);
}
