import type { Random } from '@tutti/core';

/** Time to the next of events that come independently of each other. */
export function exponential(random: Random, mean: number): number {
  return -mean * Math.log(1 - random());
}

/** A positive number around `median`, with a long tail; `sigma` is the deviation of its logarithm. */
export function lognormal(random: Random, median: number, sigma: number): number {
  return median * Math.exp(sigma * normal(random));
}

/** A whole number of `from` to `to`, both included. */
export function integer(random: Random, from: number, to: number): number {
  return from + Math.floor(random() * (to - from + 1));
}

export function pick<T>(random: Random, items: readonly T[]): T {
  return items[integer(random, 0, items.length - 1)]!;
}

/** One of the keys, each as likely as its weight says. */
export function pickWeighted<T>(random: Random, weights: ReadonlyMap<T, number>): T {
  let left = random() * weights.values().reduce((sum, weight) => sum + weight, 0);
  let last: T | undefined;
  for (const [key, weight] of weights) {
    last = key;
    left -= weight;
    if (left < 0) break;
  }
  return last!;
}

/** The same items in random order. */
export function shuffled<T>(random: Random, items: readonly T[]): T[] {
  const result = [...items];
  for (let last = result.length - 1; last > 0; last--) {
    const other = integer(random, 0, last);
    [result[last], result[other]] = [result[other]!, result[last]!];
  }
  return result;
}

/** Standard normal, by Box and Muller. */
function normal(random: Random): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}
