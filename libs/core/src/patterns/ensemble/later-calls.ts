import { callsToCompare } from './best-of.ts';
import type { Strategy } from './input.ts';

/** How many calls come after so many answers, at most. */
export function laterCalls(strategy: Strategy, answers: number): number {
  if (answers <= 1 || strategy === 'vote') return 0;
  if (strategy === 'best-of') return callsToCompare(answers);
  return strategy === 'synthesis' ? 1 : callsToCompare(2);
}
