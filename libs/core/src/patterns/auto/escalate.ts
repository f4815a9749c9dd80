import { ClusterError } from '../../error.ts';
import { groupsOf } from '../ensemble/ballots.ts';
import { answerOf, type AnswerKind } from '../ensemble/closed-answer.ts';
import type { RunContext } from '../pattern.ts';
import type { Answer, Question } from '../question.ts';
import type { Note } from '../run-event.ts';
import { said } from '../said.ts';

interface Options {
  /** The first answers; those after it vote with it when it stands alone. */
  readonly larger: readonly string[];
  /** What the small model says. */
  readonly samples: readonly Answer[];
  /** Undefined: the answers are open, and the larger model's is the last word. */
  readonly kind: AnswerKind | undefined;
  readonly questionOf: (model: string, voice: 'answer' | 'thinking') => Question;
}

export interface Escalated {
  readonly answeredBy: 'larger' | 'ensemble';
  readonly answer: Answer;
  /** What the larger models say. */
  readonly answers: readonly Answer[];
}

/** Asks a larger model, then others if it agrees with no sample of the small one. Rejects when the larger one fails. */
export async function* escalate(options: Options, context: RunContext): AsyncGenerator<Note, Escalated, void> {
  const { larger, samples, kind, questionOf } = options;
  const [first, ...others] = larger;
  yield { kind: 'escalated', model: first! };
  const answer = await said(context, 'larger.1', questionOf(first!, kind === undefined ? 'answer' : 'thinking'));
  const alone: Escalated = { answeredBy: 'larger', answer, answers: [answer] };
  if (kind === undefined || others.length === 0) return alone;
  const key = answerOf(answer.text, kind)?.key;
  if (key !== undefined && samples.some(({ text }) => answerOf(text, kind)?.key === key)) return alone;
  yield { kind: 'escalated', models: others };
  const asked = others.map((model, index) => said(context, `larger.${index + 2}`, questionOf(model, 'thinking')));
  const answers = [answer, ...(await Promise.all(asked.map(orNothing(context)))).filter((one) => one !== undefined)];
  const ballots = answers.flatMap(({ text }, rank) => {
    const key = answerOf(text, kind)?.key;
    return key === undefined ? [] : [{ rank, weight: 1, key }];
  });
  yield { kind: 'vote', answers: ballots.map(({ rank, key }) => ({ model: answers[rank]!.model, answer: key })) };
  const winner = groupsOf(ballots)[0]?.ranks[0] ?? 0;
  return { answeredBy: 'ensemble', answer: answers[winner]!, answers };
}

/** The answer, or undefined and a word about it. */
function orNothing(context: RunContext) {
  return (asked: Promise<Answer>): Promise<Answer | undefined> =>
    asked.catch((thrown: unknown) => {
      context.degraded(ClusterError.from(thrown).message);
      return undefined;
    });
}
