/** A voter, and what its vote weighs. The lower its rank, the sooner it breaks a tie. */
export interface Voter {
  readonly rank: number;
  readonly weight: number;
}

/** A vote for an answer. */
export interface Ballot extends Voter {
  readonly key: string;
}

/** Those who voted for the same. */
export interface Group {
  readonly key: string;
  readonly weight: number;
  /** Ranks of its voters, lowest first. */
  readonly ranks: readonly number[];
}

/** Weights that differ by less are equal. */
const rounding = 1e-9;

/** The votes by answer, the winner first: by weight, then by its voter of the lowest rank. The order of votes is nothing. */
export function groupsOf(ballots: readonly Ballot[]): readonly Group[] {
  const groups = new Map<string, { key: string; weight: number; ranks: number[] }>();
  for (const { key, weight, rank } of ballots.toSorted((a, b) => a.rank - b.rank)) {
    const group = groups.get(key) ?? { key, weight: 0, ranks: [] };
    group.weight += weight;
    group.ranks.push(rank);
    groups.set(key, group);
  }
  return [...groups.values()].toSorted((a, b) => compare(a.weight, b.weight) || a.ranks[0]! - b.ranks[0]!);
}

/** Whether the winner is the same whatever those who have not voted yet vote for. */
export function isDecided(ballots: readonly Ballot[], left: readonly Voter[]): boolean {
  if (left.length === 0) return true;
  const [winner, ...others] = groupsOf(ballots);
  if (!winner) return false;
  const weight = left.reduce((total, voter) => total + voter.weight, 0);
  const lowest = Math.min(...left.map(({ rank }) => rank));
  const nobody: Group = { key: '', weight: 0, ranks: [Infinity] };
  return [...others, nobody].every((rival) => {
    const order = compare(winner.weight, rival.weight + weight);
    return order < 0 || (order === 0 && winner.ranks[0]! < Math.min(rival.ranks[0]!, lowest));
  });
}

/** The share of the weight of all votes that went to the first group, the winner. */
export function agreementOf(groups: readonly Group[]): number {
  const total = groups.reduce((sum, { weight }) => sum + weight, 0);
  return total === 0 ? 0 : groups[0]!.weight / total;
}

/** Heavier first. */
function compare(a: number, b: number): number {
  return Math.abs(a - b) < rounding ? 0 : b - a;
}
