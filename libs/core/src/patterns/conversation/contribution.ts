import type { Role } from '../maestro/cast.ts';
import type { ToolUse } from './tool-use.ts';

/** How a step ended: "done"; it said nothing; it said or did the same again; it took more than its share; its call failed. */
export type StepState = 'done' | 'stalled' | 'repeated' | 'overran' | 'failed';

/** What a specialist did in a step. */
export type Contribution = {
  readonly step: string;
  readonly specialist: Role;
  readonly instruction: string;
  readonly model: string;
  /** "": it was stopped. */
  readonly content: string;
  readonly state: StepState;
  readonly tools: readonly ToolUse[];
};

/** Those that came to something. */
export function completed(contributions: readonly Contribution[]): readonly Contribution[] {
  return contributions.filter(({ state }) => state === 'done');
}

/** Whether two texts say the same, but for blanks and case. */
export function areSame(a: string, b: string): boolean {
  const plain = (text: string): string => text.toLowerCase().replaceAll(/\s+/g, ' ').trim();
  return plain(a) === plain(b);
}
