import type { Random } from '@tutti/core';
import { chance, integer, pick } from './draws.ts';

export const faultKinds = [
  ...['kill', 'crash', 'hang', 'slow', 'cut', 'cut-up', 'cut-down', 'late-reports', 'lost-reports', 'fails-before'],
  ...['fails-after', 'garbage', 'half-line', 'busy', 'stuck', 'drain', 'cordon', 'flap', 'pause', 'routes', 'cancel'],
] as const;

export type FaultKind = (typeof faultKinds)[number];

/** Something that goes wrong on a node for a while, or that an operator does. */
export interface Fault {
  readonly atMs: number;
  readonly kind: FaultKind;
  readonly node: string;
  readonly durationMs: number;
}

interface World {
  readonly random: Random;
  readonly nodes: readonly string[];
  readonly faultsMs: number;
}

export function planFaults({ random, nodes, faultsMs }: World): Fault[] {
  const kinds = chance(random, 0.3) ? [pick(random, faultKinds), pick(random, faultKinds)] : faultKinds;
  return Array.from({ length: integer(random, 0, 30) }, () => {
    const atMs = random() * faultsMs * 0.95;
    const durationMs = Math.min(faultsMs - atMs, chance(random, 0.5) ? 10_000 * random() : 120_000 * random());
    return { atMs, kind: pick(random, kinds), node: pick(random, nodes), durationMs };
  }).toSorted((a, b) => a.atMs - b.atMs);
}
