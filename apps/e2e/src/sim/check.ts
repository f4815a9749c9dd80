import type { History } from './history.ts';
import { asAsked, oneEnd, onePrefix, poison } from './invariants/answers.ts';
import { noNeedlessLoad, onlyToMembers, withinSlots } from './invariants/nodes.ts';
import { allQuiet, conserved, halfStays, waitsEnd, withinBudget } from './invariants/queue.ts';
import type { Invariant, Violation } from './invariants/violation.ts';

export type { Violation } from './invariants/violation.ts';

const invariants: readonly Invariant[] = [
  ...[oneEnd, onePrefix, withinSlots, conserved, onlyToMembers, asAsked, waitsEnd, withinBudget, halfStays, allQuiet],
  ...[noNeedlessLoad, poison],
];

/** What a history breaks, the first first. */
export function check(history: History): Violation[] {
  return invariants.flatMap((invariant) => invariant(history)).toSorted((a, b) => a.atMs - b.atMs);
}
