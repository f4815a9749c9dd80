import type { LinearModel } from '@tutti/core/cluster';

/** Features of a text, and the class that it belongs to. */
export interface Example {
  readonly features: readonly number[];
  readonly label: number;
}

interface Shape {
  readonly places: number;
  readonly classes: number;
}

const passes = 400;
const step = 1;
/** Pulls all weights to 0, so that no single word decides. */
const decay = 0.001;

/** Multinomial logistic regression by gradient descent over all examples at once: the same each time. */
export function trained(examples: readonly Example[], { places, classes }: Shape): LinearModel {
  const bias = Array.from({ length: classes }, () => 0);
  const weights = bias.map(() => new Float64Array(places));
  for (let pass = 0; pass < passes; pass++) {
    const changes = examples.map((example) => gradientOf(example, { bias, weights }));
    for (const row of weights) for (let place = 0; place < places; place++) row[place]! *= 1 - step * decay;
    examples.forEach(({ features }, index) => {
      changes[index]!.forEach((change, label) => {
        const move = (step * change) / examples.length;
        bias[label]! += move;
        for (const place of features) weights[label]![place]! += move / Math.sqrt(features.length);
      });
    });
  }
  return { bias, weights };
}

/** How far each class is from what it should be: 1 for the right one, 0 for the others. */
function gradientOf({ features, label }: Example, { bias, weights }: LinearModel): number[] {
  const scores = bias.map(
    (base, index) =>
      base + features.reduce((sum, place) => sum + weights[index]![place]!, 0) / Math.sqrt(features.length),
  );
  const largest = Math.max(...scores);
  const shares = scores.map((score) => Math.exp(score - largest));
  const total = shares.reduce((a, b) => a + b);
  return shares.map((share, index) => (index === label ? 1 : 0) - share / total);
}
