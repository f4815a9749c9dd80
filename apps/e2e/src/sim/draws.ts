import type { Random } from '@tutti/core';

export function chance(random: Random, probability: number): boolean {
  return random() < probability;
}

/** A whole number of `from` to `to`, both included. */
export function integer(random: Random, from: number, to: number): number {
  return from + Math.floor(random() * (to - from + 1));
}

export function pick<T>(random: Random, items: readonly T[]): T {
  return items[integer(random, 0, items.length - 1)]!;
}
