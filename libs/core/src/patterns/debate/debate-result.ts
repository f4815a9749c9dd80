import type { PatternResult } from '../pattern.ts';
import type { Decision } from './decision.ts';
import { contentOf, type Position } from './position.ts';
import type { Flip } from './rounds.ts';
import { leaderOf, speakerOf, voteOf, type Side } from './sides.ts';

/** What a member said. */
type DebateMessage = {
  readonly model: string;
  readonly content: string;
  /** 0: on its own, before it knew of the others. */
  readonly round: number;
  readonly changedAnswer: boolean;
};

/** What has been said, as far as a debate has come. */
export interface DebateRecord {
  readonly messages: readonly DebateMessage[];
  readonly flips: readonly Flip[];
  readonly rounds: number;
  /** The sides after the first answers; undefined: these are not all there. */
  readonly first?: readonly Side[];
  readonly sides: readonly Side[];
}

/** The result of a debate, and its text unless one was written for it. */
export function debateResultOf(
  record: DebateRecord,
  { by, winner }: Decision,
  isOpen: boolean,
  written?: string,
): PatternResult {
  const { messages, flips, rounds, first = record.sides, sides } = record;
  const text = written ?? (winner ? textOf(speakerOf(winner), isOpen) : bothSides(sides));
  return {
    text,
    finalSynthesis: text,
    debateMessages: messages,
    firstVote: voteOf(first),
    finalVote: voteOf(sides),
    consensus: by === 'unanimity',
    decidedBy: by,
    dissent: sides.filter((side) => side !== winner).map(dissentOf),
    rounds,
    flips: { claimed: flips.length, accepted: flips.filter(({ accepted }) => accepted).length },
    changed: leaderOf(first)?.key !== winner?.key,
  };
}

function textOf(position: Position, isOpen: boolean): string {
  return isOpen ? position.answer : contentOf(position);
}

function bothSides(sides: readonly Side[]): string {
  const positions = sides.map((side, index) => {
    const models = [...new Set(side.positions.map(({ model }) => model))].join(', ');
    return `${index + 1}. (${models}) ${contentOf(speakerOf(side))}`;
  });
  return `The members of the debate did not agree.\n\n${positions.join('\n\n')}`;
}

function dissentOf(side: Side) {
  const { answer, reasoning } = speakerOf(side);
  return { answer, members: side.positions.map(({ model }) => model), argument: reasoning };
}
