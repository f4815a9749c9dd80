import type { z } from 'zod';
import type { Random } from '../../ports.ts';
import { askFor } from '../ask-for.ts';
import { lastUserText } from '../conversation.ts';
import { kindOf, type AnswerKind } from '../ensemble/closed-answer.ts';
import type { RunContext } from '../pattern.ts';
import { briefly } from '../player.ts';
import type { Turn } from '../question.ts';
import { share } from '../share.ts';
import type { DebateInput } from './debate-input.ts';
import { refusalOf } from './evidence.ts';
import { contentOf, keyOf, rejoinderShape, statementShape, type Position } from './position.ts';
import { rejoinderPrompt, statementPrompt } from './prompts.ts';
import { sidesOf } from './sides.ts';

/** A member that wants to change its answer. */
export type Flip = {
  readonly model: string;
  readonly from: string;
  readonly to: string;
  readonly quote: string;
  readonly accepted: boolean;
  readonly why?: string;
};

/** What came of a member's turn. */
export interface Spoken {
  /** In its own words. */
  readonly content: string;
  /** Where it stands now. */
  readonly position: Position;
  readonly flip?: Flip;
}

export interface Floor {
  /** Everybody answers alone; `heard` is told of all so far each time one has. Returns those that did. */
  first(heard: (positions: readonly Position[]) => void): Promise<readonly Position[]>;
  /** Whether the members' first answers cannot be counted. */
  readonly isOpen: boolean;
  /** Some answer the others; those that say nothing of use are not in the list. */
  next(round: number, speakers: readonly Position[], positions: readonly Position[]): Promise<readonly Spoken[]>;
}

const most = { statement: 1_024 };

/** Calls after the rounds, about: a judge, and the final answer. */
export const closingCalls = 5;

/** Where members speak. */
export function createFloor({ turns, members, rounds }: DebateInput, context: RunContext): Floor {
  let kind: AnswerKind | undefined;

  const ask = <T>(member: number, round: number, messages: readonly Turn[], shape: z.ZodType<T>) => {
    const callsLeft = members.length * (rounds - round + 1) + closingCalls;
    const question = {
      ...briefly(members[member]!),
      ...{ messages, label: { role: 'member', round }, temperature: 0.7, seed: member + 1 },
      maxTokens: share(context, most.statement, callsLeft),
    };
    return askFor(context, `round-${round}.m${member + 1}`, question, shape);
  };

  const counted = (positions: readonly Position[]): readonly Position[] => {
    kind = kindOf(positions.map(({ answer }) => answer));
    return positions
      .map((position) => ({ ...position, key: keyOf(position.answer, kind) }))
      .toSorted((a, b) => a.member - b.member);
  };

  const rejoinder = async (round: number, own: Position, all: readonly Position[]): Promise<Spoken | undefined> => {
    const others = all.filter(({ member }) => member !== own.member);
    const sides = shuffled(sidesOf(others, members), context.random);
    const said = await ask(own.member, round, rejoinderPrompt(turns, own, sides), rejoinderShape);
    if (!said) return undefined;
    const { quote, ...statement } = said;
    const content = contentOf(statement);
    const position = { ...own, ...statement, key: keyOf(statement.answer, kind) };
    if (position.key === own.key) return { content, position };
    // Other words for an open answer are no other answer, as long as it does not say so itself.
    if (kind === undefined && quote.trim() === '') return { content, position: own };
    const why = refusalOf(quote, { from: own, others, question: lastUserText(turns) });
    const claim = { model: own.model, from: own.answer, to: position.answer, quote };
    if (why !== undefined) return { content, position: own, flip: { ...claim, accepted: false, why } };
    return { content, position, flip: { ...claim, accepted: true } };
  };

  return {
    async first(heard) {
      const positions: Position[] = [];
      const alone = async (member: number): Promise<void> => {
        const said = await ask(member, 0, statementPrompt(turns), statementShape);
        if (!said) return;
        positions.push({ ...said, member, model: members[member]!.model, key: '' });
        heard(counted(positions));
      };
      await Promise.all(members.map((_, member) => alone(member)));
      return counted(positions);
    },
    get isOpen() {
      return kind === undefined;
    },
    async next(round, speakers, positions) {
      const spoken = await Promise.all(speakers.map((own) => rejoinder(round, own, positions)));
      return spoken.filter((one) => one !== undefined);
    },
  };
}

function shuffled<T>(items: readonly T[], random: Random): readonly T[] {
  return items
    .map((item) => ({ item, at: random() }))
    .toSorted((a, b) => a.at - b.at)
    .map(({ item }) => item);
}
