import { lastUserText } from '../conversation.ts';
import type { JsonObject } from '../json.ts';
import type { PatternResult } from '../pattern.ts';
import type { Answer } from '../question.ts';
import type { Election } from './election.ts';
import type { EnsembleInput, Seat, Strategy } from './input.ts';
import { provenanceOf, type Origin } from './provenance.ts';
import { meanSimilarity } from './similarity.ts';

/** What the members said so far. */
export interface Polled {
  readonly input: EnsembleInput;
  readonly seats: readonly Seat[];
  /** By rank; undefined: it has not answered, failed, said nothing, or was dropped. */
  readonly answers: readonly (Answer | undefined)[];
  /** How many were dropped because the vote was decided. */
  readonly dropped: number;
  readonly election: Election;
}

/** What is made of it: the answer of one member, or a text that one model wrote. */
export type Outcome = {
  readonly strategy: Exclude<Strategy, 'auto'>;
  readonly rank?: number;
  readonly written?: { readonly text: string; readonly model: string };
  readonly judge?: string;
  /** By rank. */
  readonly scores?: ReadonlyMap<number, number>;
};

export function resultOf(polled: Polled, { strategy, rank, written, judge, scores }: Outcome): PatternResult {
  const { input, seats, answers, election } = polled;
  const given = givenOf(polled);
  const text = written?.text ?? answers[rank!]!.text;
  const origins = written
    ? provenanceOf(
        text,
        given.map((one) => one.text),
      )
    : undefined;
  const shares = origins
    ? sharesOf(
        origins,
        given.map((one) => one.rank),
      )
    : (scores ?? votesOf(polled));
  const question = lastUserText(input.messages);
  const agreement = election.winner
    ? election.agreement
    : meanSimilarity(
        given.map((one) => one.text),
        question,
      );
  return {
    text,
    consensusOutput: text,
    strategy,
    completions: given.map((one) => ({
      ...{ model: one.model, node: one.node, text: one.text, score: rounded(shares.get(one.rank) ?? 0) },
      ...{ weight: rounded(seats[one.rank]!.weight) },
    })),
    agreement: rounded(agreement),
    consensus: agreement >= input.consensusThreshold,
    ...(election.winner && closedFields(polled)),
    ...(judge !== undefined && { judge }),
    ...(written && origins && { writer: written.model, provenance: provenanceFields(origins, given) }),
    saved: savedBy(polled),
  };
}

/** The answers that there are, with the ranks of their members. */
export function givenOf({ answers }: Pick<Polled, 'answers'>): readonly (Answer & { readonly rank: number })[] {
  return answers.flatMap((answer, rank) => (answer ? [{ ...answer, rank }] : []));
}

/** What was voted on: the answer, its kind, and what others said. */
function closedFields({ seats, election }: Polled): JsonObject {
  const { kind, groups, winner } = election;
  const models = (ranks: readonly number[]) => [...new Set(ranks.map((rank) => seats[rank]!.model))];
  const shown = (rank: number) => election.answerOf(rank)!.shown;
  const dissent = groups
    .filter(({ key }) => key !== winner!.key)
    .map(({ ranks }) => ({ answer: shown(ranks[0]!), votes: ranks.length, models: models(ranks) }));
  return { answer: shown(winner!.rank), answerKind: kind, dissent };
}

/** Share of the votes that each voter's answer got. */
function votesOf({ election: { groups } }: Polled): ReadonlyMap<number, number> {
  const total = groups.reduce((sum, { weight }) => sum + weight, 0);
  return new Map(groups.flatMap(({ ranks, weight }) => ranks.map((rank) => [rank, weight / total])));
}

/** Share of the sentences that each member supports. */
function sharesOf(origins: readonly Origin[], ranks: readonly number[]): ReadonlyMap<number, number> {
  const count = (place: number): number => origins.filter(({ sources }) => sources.includes(place)).length;
  return new Map(ranks.map((rank, place) => [rank, count(place) / Math.max(1, origins.length)]));
}

function provenanceFields(origins: readonly Origin[], given: readonly Answer[]): JsonObject[] {
  return origins.map(({ sentence, sources, invented }) => ({
    sentence,
    members: [...new Set(sources.map((place) => given[place]!.model))],
    ...(invented && { invented }),
  }));
}

/** What the dropped members would have taken, if they are like the others. A part of it was taken before. */
function savedBy(polled: Polled): JsonObject {
  const given = givenOf(polled);
  const tokens = given.reduce((sum, { outputTokens }) => sum + outputTokens, 0) / Math.max(1, given.length);
  return { calls: polled.dropped, tokens: Math.round(tokens * polled.dropped) };
}

function rounded(value: number): number {
  return Number(value.toFixed(4));
}
