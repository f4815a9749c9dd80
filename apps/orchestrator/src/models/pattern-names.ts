import { canonicalModel } from '@tutti/core';
import type { PatternName } from '@tutti/core/patterns';

const shown = ['ensemble', 'debate', 'maestro', 'auto'] as const satisfies readonly PatternName[];

const byModel = new Map(shown.map((pattern) => [canonicalModel(`tutti/${pattern}`), pattern]));

/** The models that are patterns, as lists show them. */
export const patternModelNames: readonly string[] = shown.map((pattern) => `tutti/${pattern}`);

/** Whether a model's name is one of ours: no node is asked for it. */
export function isPatternModel(model: string): boolean {
  return model.startsWith('tutti/');
}

/** Undefined: there is no such pattern, or it is not to be asked as a model. */
export function patternOfModel(model: string): PatternName | undefined {
  return byModel.get(canonicalModel(model));
}
