import { bestOf } from '../ensemble/best-of.ts';
import type { RunContext } from '../pattern.ts';
import type { Note } from '../run-event.ts';
import type { DebateInput } from './debate-input.ts';
import { contentOf } from './position.ts';
import { heaviestOf, leaderOf, speakerOf, type Side } from './sides.ts';

/** How a debate was decided. "nobody": it was not. */
export interface Decision {
  readonly by: 'unanimity' | 'vote' | 'judge' | 'nobody';
  readonly winner?: Side;
}

/** A judge reads so many sides at most. */
const mostJudged = 4;

/** What a vote alone decides; undefined: nothing. Of open answers, which are hardly ever the same, most must be. */
export function votedOn(sides: readonly Side[], isOpen: boolean): Decision | undefined {
  const members = sides.reduce((count, { positions }) => count + positions.length, 0);
  const leader = leaderOf(sides);
  if (!leader) return undefined;
  if (sides.length === 1) return { by: members > 1 ? 'unanimity' : 'vote', winner: leader };
  const rest = sides.reduce((total, { weight }) => total + weight, -leader.weight);
  return !isOpen || leader.weight > rest ? { by: 'vote', winner: leader } : undefined;
}

/** By vote; where it does not decide, by a judge that took no part, and that says the same in both orders each time. */
export async function* decided(
  { turns, judge }: DebateInput,
  context: RunContext,
  sides: readonly Side[],
  isOpen: boolean,
): AsyncGenerator<Note, Decision, void> {
  const voted = votedOn(sides, isOpen);
  if (voted) return voted;
  if (!judge) return { by: 'nobody' };
  const rivals = (isOpen ? sides : heaviestOf(sides)).slice(0, mostJudged);
  const candidates = rivals.map((side) => contentOf(speakerOf(side)));
  const { winner, scores } = yield* bestOf({ judge: judge.model, messages: turns, candidates }, context);
  return scores[winner] === 1 ? { by: 'judge', winner: rivals[winner]! } : { by: 'nobody' };
}
