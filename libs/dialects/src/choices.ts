import type { Delta } from '@tutti/proto/tutti/agent/v1/chunk';

/** The answers that one response holds, told apart by their numbers from 0. */
export interface Choices {
  readonly count: number;
  /** The answer that a piece belongs to. */
  of(delta: Delta): number;
  /** Whether its answer ends with this piece, which is empty. The last to end does so with the response. */
  endsWith(delta: Delta): boolean;
  /** Why an answer ended, as `Done.reason`; to be asked when it has. */
  reasonOf(choice: number): string;
}

/** The pieces of each answer. */
export function byChoice(deltas: readonly Delta[], choices: Choices | undefined): Delta[][] {
  if (!choices) return [[...deltas]];
  const pieces = Array.from({ length: choices.count }, (): Delta[] => []);
  for (const delta of deltas) pieces[choices.of(delta)]?.push(delta);
  return pieces;
}
