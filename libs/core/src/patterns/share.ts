import type { RunContext } from './pattern.ts';

/** Fewer tokens are no answer: a budget that has not even these has ended. */
const fewest = 16;

/** How many tokens a call may generate: `most`, or its part of what is left for so many calls. */
export function share(context: RunContext, most: number, calls: number): number {
  return Math.min(most, Math.max(fewest, context.allowance(calls)));
}
