import type { Random } from '../ports.ts';
import { betaSample } from './beta-sample.ts';

/** What is known of one preset: rewards are between 0 and 1. */
export interface Arm {
  readonly name: string;
  readonly pulls: number;
  /** Sum of the rewards. */
  readonly gained: number;
}

/** Part of the choices that try what is least tried. */
const exploration = 0.05;

/** An arm with fewer pulls is only tried, never preferred. */
const fewestPulls = 20;

/** Standard deviations between a mean and its lower bound: one side of 95 %. */
const boundDeviations = 1.645;

/** Nobody knows anything of these. */
export function freshArms(names: readonly string[]): Arm[] {
  return names.map((name) => ({ name, pulls: 0, gained: 0 }));
}

/**
 * Chooses an arm; the first is the default. Thompson sampling (Thompson, 1933) among the default and those that have
 * shown with 95 % confidence that they are no worse than it: an arm that falls below that is rolled back by itself.
 */
export function chosenArm(arms: readonly Arm[], random: Random): Arm {
  if (random() < exploration) return arms.reduce((least, arm) => (arm.pulls < least.pulls ? arm : least));
  const samples = provenOf(arms).map((arm) => ({ arm, value: betaSample(...shapeOf(arm), random) }));
  return samples.reduce((best, sample) => (sample.value > best.value ? sample : best)).arm;
}

/** The arm that is likeliest to be best, of those that may be preferred. */
export function preferredArm(arms: readonly Arm[]): Arm {
  return provenOf(arms).reduce((best, arm) => (meanReward(arm) > meanReward(best) ? arm : best));
}

/** The arms after one of them brought a reward. */
export function rewarded(arms: readonly Arm[], name: string, reward: number): Arm[] {
  const gain = Math.min(1, Math.max(0, reward));
  return arms.map((arm) => (arm.name === name ? { ...arm, pulls: arm.pulls + 1, gained: arm.gained + gain } : arm));
}

/** Mean reward, of the posterior that starts with one success and one failure. */
export function meanReward(arm: Arm): number {
  const [alpha, beta] = shapeOf(arm);
  return alpha / (alpha + beta);
}

function provenOf(arms: readonly Arm[]): Arm[] {
  const [standard] = arms;
  if (!standard) throw new RangeError('There is nothing to choose from.');
  return arms.filter((arm) => arm === standard || isProven(arm, standard));
}

function isProven(arm: Arm, standard: Arm): boolean {
  return arm.pulls >= fewestPulls && standard.pulls >= fewestPulls && lowerBound(arm) >= meanReward(standard);
}

function lowerBound(arm: Arm): number {
  const [alpha, beta] = shapeOf(arm);
  const total = alpha + beta;
  return alpha / total - boundDeviations * Math.sqrt((alpha * beta) / (total * total * (total + 1)));
}

function shapeOf({ pulls, gained }: Arm): [alpha: number, beta: number] {
  return [1 + gained, 1 + pulls - gained];
}
