import type { Draw } from './draw.ts';
import type { SyntheticQuestion } from './questions.ts';
import type { ScriptedModel } from './scripted-model.ts';

/**
 * What a model answers by itself. So often that two models come to the given correlation, it is right exactly if the
 * question, as hard as it is for all, is within its accuracy, and wrong as all are; else chance is its own.
 */
export function opinionOf(
  { name, accuracy, correlation = 0 }: ScriptedModel,
  { id, answer, wrong }: SyntheticQuestion,
  sample: string,
  draw: Draw,
): string {
  const follows = draw('follows', id, name, sample) < Math.sqrt(correlation);
  const hardness = follows ? draw('hardness', id) : draw('own', id, name, sample);
  if (hardness < accuracy) return answer;
  return follows ? wrong[0]! : wrong[Math.floor(draw('wrong', id, name, sample) * wrong.length)]!;
}
