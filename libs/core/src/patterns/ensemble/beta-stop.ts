import { groupsOf, type Ballot } from './ballots.ts';

/** How sure to be that the leader of a vote will stay it; fewer members cannot be as sure. */
export function defaultCertainty(voters: number): number {
  return voters <= 3 ? 0.93 : 0.95;
}

/**
 * Whether the leader is the more likely of the first two with at least this certainty, taking each as likely before any
 * vote: Pr[Bin(a+b+1, 1/2) <= a] for a votes against b.
 */
export function isLikelyDecided(ballots: readonly Ballot[], certainty: number): boolean {
  const [first, second] = groupsOf(ballots.map((ballot) => ({ ...ballot, weight: 1 })));
  return first !== undefined && leaderCertainty(first.weight, second?.weight ?? 0) >= certainty;
}

/** The certainty that the one with `ahead` votes is the likelier of two. */
export function leaderCertainty(ahead: number, behind: number): number {
  const tosses = ahead + behind + 1;
  let term = 0.5 ** tosses;
  let sum = 0;
  for (let heads = 0; heads <= ahead; heads++) {
    sum += term;
    term *= (tosses - heads) / (heads + 1);
  }
  return sum;
}
