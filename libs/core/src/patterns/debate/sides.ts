import { isLikelyDecided } from '../ensemble/beta-stop.ts';
import { groupsOf } from '../ensemble/ballots.ts';
import type { Member } from './debate-input.ts';
import type { Position } from './position.ts';

/** Members of one answer. */
export interface Side {
  readonly key: string;
  readonly weight: number;
  /** Never empty. */
  readonly positions: readonly Position[];
}

/** A count of votes, as it is told. */
type Vote = {
  /** Undefined: no answer has more weight than every other. */
  readonly answer?: string;
  readonly votes: readonly { readonly answer: string; readonly members: readonly string[]; readonly weight: number }[];
};

/** So sure, the leader of the votes will stay it. */
const certainty = 0.95;

/** One who is less sure than this speaks again, whoever agrees with it. */
const sure = 0.8;

const rounding = 1e-9;

/** Who stands together, the side with most weight first. */
export function sidesOf(positions: readonly Position[], members: readonly Member[]): readonly Side[] {
  const ballots = positions.map(({ member, key }) => ({ rank: member, weight: members[member]!.weight, key }));
  return groupsOf(ballots).map(({ key, weight, ranks }) => ({
    key,
    weight,
    positions: positions.filter(({ member }) => ranks.includes(member)),
  }));
}

/** The side with more weight than every other. */
export function leaderOf([first, second]: readonly Side[]): Side | undefined {
  return first && first.weight > (second?.weight ?? 0) + rounding ? first : undefined;
}

/** The sides that none has more weight than. */
export function heaviestOf(sides: readonly Side[]): readonly Side[] {
  return sides.filter(({ weight }) => weight + rounding >= sides[0]!.weight);
}

/** Whether talking cannot, or will hardly, change the leader. */
export function isSettled(sides: readonly Side[]): boolean {
  if (sides.length <= 1) return true;
  const ballots = sides.flatMap(({ key, positions }) =>
    positions.map(({ member }) => ({ key, rank: member, weight: 1 })),
  );
  return leaderOf(sides) !== undefined && isLikelyDecided(ballots, certainty);
}

/** Who has a turn: those who are not with the leader, and those who are not sure. */
export function speakersOf(sides: readonly Side[]): readonly Position[] {
  const leader = leaderOf(sides);
  return sides
    .flatMap((side) => side.positions.filter(({ confidence }) => side !== leader || confidence < sure))
    .toSorted((a, b) => a.member - b.member);
}

/** Whose words stand for the side. */
export function speakerOf({ positions }: Side): Position {
  return positions[0]!;
}

export function voteOf(sides: readonly Side[]): Vote {
  const leader = leaderOf(sides);
  const votes = sides.map((side) => ({
    answer: speakerOf(side).answer,
    members: side.positions.map(({ model }) => model),
    weight: side.weight,
  }));
  return { ...(leader && { answer: speakerOf(leader).answer }), votes };
}
