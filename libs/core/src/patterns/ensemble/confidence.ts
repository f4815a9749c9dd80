import { groupsOf, isDecided, type Ballot, type Voter } from './ballots.ts';

/** A model that is asked several times, and its samples. */
export interface Sampled {
  readonly sizeBytes: number;
  /** Of its samples. */
  readonly ranks: readonly number[];
}

/** How far a model agrees with itself. */
export interface Confidence {
  /** Place of the model in the list that was given. */
  readonly place: number;
  /** What most of its samples say. */
  readonly key: string;
  /** Of the first sample that says so. */
  readonly rank: number;
  /** Share of all its samples, also of those that say nothing, that say so. */
  readonly confidence: number;
}

/** Models by how far each agrees with itself, the winner first; then the larger, then the earlier. */
export function confidencesOf(ballots: readonly Ballot[], models: readonly Sampled[]): readonly Confidence[] {
  return models
    .flatMap(({ ranks }, place): Confidence[] => {
      const [top] = groupsOf(equal(ballots, ranks));
      return top ? [{ place, key: top.key, rank: top.ranks[0]!, confidence: top.weight / ranks.length }] : [];
    })
    .toSorted((a, b) => b.confidence - a.confidence || tie(models, a.place, b.place));
}

/** Whether the most confident model, and its answer, are the same whatever the samples still to come say. */
export function isConfidenceDecided(
  ballots: readonly Ballot[],
  left: readonly Voter[],
  models: readonly Sampled[],
): boolean {
  if (left.length === 0) return true;
  const [winner] = confidencesOf(ballots, models);
  if (!winner) return false;
  const own = models[winner.place]!.ranks;
  if (!isDecided(equal(ballots, own), equal(left, own))) return false;
  return models.every(({ ranks }, place) => {
    if (place === winner.place) return true;
    const most = groupsOf(equal(ballots, ranks))[0]?.weight ?? 0;
    const reachable = (most + equal(left, ranks).length) / ranks.length;
    return reachable < winner.confidence || (reachable === winner.confidence && tie(models, winner.place, place) < 0);
  });
}

/** Those of the ranks, with one vote each. */
function equal<T extends Voter>(voters: readonly T[], ranks: readonly number[]): readonly T[] {
  return voters.filter(({ rank }) => ranks.includes(rank)).map((voter) => ({ ...voter, weight: 1 }));
}

function tie(models: readonly Sampled[], a: number, b: number): number {
  return models[b]!.sizeBytes - models[a]!.sizeBytes || a - b;
}
