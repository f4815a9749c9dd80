import { arrivals } from '../arrivals.ts';
import { ClusterError } from '../../error.ts';
import { withUserText } from '../conversation.ts';
import { withoutThinking } from '../json-in.ts';
import type { RunContext } from '../pattern.ts';
import type { Answer, Question } from '../question.ts';
import type { Note } from '../run-event.ts';
import type { Election } from './election.ts';
import type { EnsembleInput, Seat } from './input.ts';
import { laterCalls } from './later-calls.ts';
import { resultOf, type Polled } from './result.ts';

const asksForLine =
  'When you are done, end with one line that says "Answer: " and then the final answer and nothing else.';

/** Asks every member once, and drops those whose votes cannot matter any more. Rejects when nobody answers. */
export async function* poll(
  input: EnsembleInput,
  seats: readonly Seat[],
  election: Election,
  context: RunContext,
): AsyncGenerator<Note, Polled, void> {
  const asked = seats.map((seat) => context.ask(stepOf(seat), questionOf(input, seat, seats.length, context)));
  const answers: (Answer | undefined)[] = seats.map(() => undefined);
  const isCounted = input.strategy === 'vote' || input.strategy === 'auto';
  const polled: Polled = { input, seats, answers, dropped: 0, election };
  let come = 0;
  let failure: ClusterError | undefined;
  for await (const { index, value, error } of arrivals(asked)) {
    come += 1;
    const answer = value && spoken(value);
    answers[index] = answer;
    if (value && !answer) context.degraded(`${stepOf(seats[index]!)}: ${value.model} said nothing`);
    failure ??= error;
    election.hear(index, answer?.text);
    const rank = election.winner?.rank ?? answers.findIndex(Boolean);
    if (rank >= 0) context.best(resultOf(polled, { strategy: 'vote', rank }));
    if (answer) yield ballotNote(seats[index]!, election);
    if (isCounted && election.decided) break;
  }
  for (const { drop } of asked) drop('the vote is decided');
  if (answers.every((answer) => !answer)) throw failure ?? nobody(seats.length);
  return { ...polled, dropped: seats.length - come };
}

function questionOf(input: EnsembleInput, { model, seed }: Seat, seats: number, context: RunContext): Question {
  const { messages, strategy, answerKind, maxTokens } = input;
  const asksLine = strategy === 'vote' && answerKind !== 'json' && answerKind !== 'code';
  return {
    ...{ model, seed, label: { role: 'member' } },
    ...(seats === 1 && { voice: 'answer' }),
    messages: asksLine ? withUserText(messages, asksForLine) : messages,
    maxTokens: Math.min(maxTokens, context.allowance(seats + laterCalls(strategy, seats))),
  };
}

/** The answer without the thoughts before it; undefined: there is nothing in it. */
function spoken(answer: Answer): Answer | undefined {
  const text = withoutThinking(answer.text).trim();
  return text === '' ? undefined : { ...answer, text };
}

function ballotNote(seat: Seat, election: Election): Note {
  const answer = election.answerOf(seat.rank);
  return { kind: 'ballot', step: stepOf(seat), model: seat.model, answerKind: answer?.kind, answer: answer?.shown };
}

function stepOf({ rank }: Seat): string {
  return `member.${rank + 1}`;
}

function nobody(members: number): ClusterError {
  return new ClusterError('bad_upstream', `None of the ${members} members of the ensemble said anything.`);
}
