import type { Random } from '@tutti/core';
import type { MachineModel } from '../machine-profile.ts';
import { pickWeighted, shuffled } from './draws.ts';

/** How long an order of popularity lasts. */
export const popularityPeriodMs = 150_000;

const zipfExponent = 0.9;

/** Who has larger models at hand asks the smaller ones for most things: they are slow. */
const usualBytes = 8e9;

/** Which of the models is asked for at some time: Zipf's law over an order that changes by half each period. */
export function popularity(
  random: Random,
  models: readonly MachineModel[],
  durationMs: number,
): (atMs: number) => MachineModel {
  const periods = Math.max(1, Math.ceil(durationMs / popularityPeriodMs));
  let order = ordered(random, models);
  const weights = Array.from({ length: periods }, () => {
    const weighted = new Map(order.map((model, rank) => [model, (rank + 1) ** -zipfExponent]));
    order = halfReordered(random, order);
    return weighted;
  });
  return (atMs) => pickWeighted(random, weights[Math.min(periods - 1, Math.floor(atMs / popularityPeriodMs))]!);
}

/** A random order in which large models tend to the end. */
function ordered(random: Random, models: readonly MachineModel[]): MachineModel[] {
  const keys = new Map(models.map((model) => [model, random() ** Math.max(1, model.sizeBytes / usualBytes)]));
  return models.toSorted((a, b) => keys.get(b)! - keys.get(a)!);
}

/** Half of the places exchange what they hold. */
function halfReordered(random: Random, order: readonly MachineModel[]): MachineModel[] {
  const places = shuffled(random, [...order.keys()])
    .slice(0, Math.ceil(order.length / 2))
    .toSorted((a, b) => a - b);
  const moved = ordered(
    random,
    places.map((place) => order[place]!),
  );
  const result = [...order];
  places.forEach((place, index) => (result[place] = moved[index]!));
  return result;
}
