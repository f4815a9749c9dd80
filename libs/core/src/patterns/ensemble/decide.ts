import { ClusterError } from '../../error.ts';
import { lastUserText } from '../conversation.ts';
import type { RunContext } from '../pattern.ts';
import type { Note } from '../run-event.ts';
import { bestOf } from './best-of.ts';
import { givenOf, resultOf, type Outcome, type Polled } from './result.ts';
import { mostCentral } from './similarity.ts';
import { synthesis } from './synthesis.ts';

/** Makes one answer of those that came. */
export async function* decide(polled: Polled, context: RunContext): AsyncGenerator<Note, Outcome, void> {
  const { input, election } = polled;
  const given = givenOf(polled);
  const texts = given.map(({ text }) => text);
  const central = given[mostCentral(texts, lastUserText(input.messages))]!.rank;
  const strategy = chosen(polled, given.length);
  yield { kind: 'strategy', strategy, answerKind: election.kind };
  if (strategy === 'vote') {
    if (election.winner) return { strategy, rank: election.winner.rank };
    context.degraded('no member gave an answer that can be counted; this is the one most like the others');
    return { strategy, rank: central };
  }
  if (given.length === 1) return { strategy, rank: given[0]!.rank };
  context.best(resultOf(polled, { strategy, rank: central }));
  const { messages, maxTokens } = input;
  if (strategy === 'best-of') {
    const judge = input.judge.model;
    const { winner, scores } = yield* bestOf({ judge, messages, candidates: texts }, context);
    return {
      strategy,
      judge,
      rank: given[winner]!.rank,
      scores: new Map(scores.map((s, place) => [given[place]!.rank, s])),
    };
  }
  try {
    const { text, model } = await synthesis({ writer: input.judge, messages, references: texts, maxTokens }, context);
    return { strategy, written: { text, model } };
  } catch (thrown) {
    context.degraded(`no answer was written from these: ${ClusterError.from(thrown).message}`);
    return { strategy, rank: central };
  }
}

/** Closed answers are counted; of two open ones the better is taken; from more one is written. */
function chosen({ input, election }: Polled, given: number): Outcome['strategy'] {
  if (input.strategy !== 'auto') return input.strategy;
  if (election.winner) return 'vote';
  return given <= 2 ? 'best-of' : 'synthesis';
}
