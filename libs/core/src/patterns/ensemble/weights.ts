import { areNearEqual, nearEqual } from '../members.ts';

/** A model that votes, and how much it counts. */
export type Weighed = {
  readonly model: string;
  readonly sizeBytes: number;
  /** Above 0; 1 for the best. */
  readonly weight: number;
  /** Why it counts less. */
  readonly why?: string;
};

interface Sized {
  readonly name: string;
  readonly sizeBytes: number;
}

/** Measured accuracies that differ by no more than this are equal. */
const equalAccuracy = 0.1;

/** Wrong answers that are as likely as each other, at a guess: it sets how fast a weaker model's vote fades. */
const wrongAnswers = 3;

/** What the vote of each model counts: by measured accuracy where all have been measured, else by size. */
export function weigh(models: readonly Sized[], accuracies: Readonly<Record<string, number>>): readonly Weighed[] {
  const measured = models.map(({ name }) => accuracies[name]);
  return measured.every((accuracy) => accuracy !== undefined) ? byAccuracy(models, measured) : bySize(models);
}

function byAccuracy(models: readonly Sized[], accuracies: readonly number[]): readonly Weighed[] {
  const best = Math.max(...accuracies);
  return models.map(({ name, sizeBytes }, index) => {
    const accuracy = accuracies[index]!;
    const member = { model: name, sizeBytes };
    if (accuracy >= best - equalAccuracy) return { ...member, weight: 1 };
    const why = `its measured accuracy is ${accuracy}, the best has ${best}`;
    return { ...member, weight: Math.max(0.01, evidence(accuracy) / evidence(best)), why };
  });
}

/** What a vote of a model of this accuracy tells: the logarithm of how much likelier its answer is than another. */
function evidence(accuracy: number): number {
  const bounded = Math.min(0.99, Math.max(0.01, accuracy));
  return Math.log((wrongAnswers * bounded) / (1 - bounded));
}

function bySize(models: readonly Sized[]): readonly Weighed[] {
  const largest = Math.max(...models.map(({ sizeBytes }) => sizeBytes));
  return models.map(({ name, sizeBytes }) => {
    const member = { model: name, sizeBytes };
    if (areNearEqual(sizeBytes, largest)) return { ...member, weight: 1 };
    const why = `it is ${(largest / sizeBytes).toFixed(1)} times smaller than the largest, and its accuracy is not known`;
    return { ...member, weight: (nearEqual * sizeBytes) / largest, why };
  });
}
