import type { NodeFacts } from '../node-facts.ts';

const smallestShare = 0.1;

/** Part of its usual calls that a node gets: a tenth when it has just become ready, all of them after `slowStartMs`. */
export function slowStartShare({ readySince }: Pick<NodeFacts, 'readySince'>, now: number, slowStartMs = 0): number {
  if (slowStartMs <= 0) return 1;
  return Math.min(1, Math.max(smallestShare, (now - readySince) / slowStartMs));
}
