/** One row of weights for each class; a text belongs to the class with the largest sum over its features. */
export interface LinearModel {
  readonly bias: readonly number[];
  readonly weights: readonly ArrayLike<number>[];
}

/** Index of the class that the features speak for most. */
export function classOf({ bias, weights }: LinearModel, features: readonly number[]): number {
  const scores = bias.map((base, index) => {
    const row = weights[index]!;
    // A long text has more features, not more certainty.
    return base + features.reduce((sum, place) => sum + row[place]!, 0) / Math.sqrt(features.length || 1);
  });
  return scores.reduce((best, score, index) => (score > scores[best]! ? index : best), 0);
}
