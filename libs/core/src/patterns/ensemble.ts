import { decide } from './ensemble/decide.ts';
import { createElection } from './ensemble/election.ts';
import { ensembleInput, sampledOf, seatsOf, type EnsembleInput } from './ensemble/input.ts';
import { laterCalls } from './ensemble/later-calls.ts';
import { poll } from './ensemble/poll.ts';
import { resultOf } from './ensemble/result.ts';
import type { Pattern } from './pattern.ts';

/** Tokens without which an answer is none. */
const fewestTokens = 16;

/** Several models answer one question; their answers are counted, compared, or written into one. */
export const ensemble: Pattern<EnsembleInput> = {
  name: 'ensemble',
  parse: ensembleInput,
  estimate({ members, strategy }) {
    const seats = seatsOf(members).length;
    const later = laterCalls(strategy, seats);
    return {
      calls: seats + later,
      tokens: (seats + later) * fewestTokens,
      models: members.length + (later > 0 ? 1 : 0),
    };
  },
  simpler({ messages, members, strategy, maxTokens, answerKind }) {
    const models = members.map(({ model }) => model);
    const isVote = strategy === 'vote' && seatsOf(members).length === members.length;
    const body = { messages, maxTokens };
    if (isVote || models.length === 1) return { pattern: 'single', body: { ...body, models: models.slice(0, 1) } };
    return { pattern: 'ensemble', body: { ...body, models, strategy: 'vote', ...(answerKind && { answerKind }) } };
  },
  async *run(input, context) {
    const { members, warnings, strategy, answerKind, stop, comparesModels } = input;
    yield { kind: 'members', members, warnings };
    for (const warning of warnings) context.degraded(warning);
    const seats = seatsOf(members);
    const election = createElection({
      ...{ voters: seats, kind: answerKind, isMixed: strategy === 'vote', stop },
      models: comparesModels ? sampledOf(members, seats) : undefined,
    });
    const polled = yield* poll(input, seats, election, context);
    const outcome = yield* decide(polled, context);
    return resultOf(polled, outcome);
  },
};
