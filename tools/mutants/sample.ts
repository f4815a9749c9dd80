import { createHash } from 'node:crypto';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { changeText, type Mutant } from './mutant.ts';
import { mutantsOf } from './mutants-of.ts';

const noProgram = /(\.(test|fixture)|index)\.ts$/;

/** Draws so many mutants of the files that match. The same seed draws the same, save on lines that have changed. */
export function sample(root: string, files: string, count: number, seed: number): readonly Mutant[] {
  const paths = globSync(files, { cwd: root }).filter((path) => path.endsWith('.ts') && !noProgram.test(path));
  const mutants = paths.toSorted().flatMap((path) => mutantsOf(path, readFileSync(join(root, path), 'utf8')));
  const drawn = mutants.map((mutant) => ({ mutant, lot: lotOf(mutant, seed) }));
  drawn.sort((a, b) => a.lot.localeCompare(b.lot));
  return drawn.slice(0, count).map(({ mutant }) => mutant);
}

/** Of the mutant alone: what is changed elsewhere in the code draws no others. */
function lotOf(mutant: Mutant, seed: number): string {
  const { file, at, column } = mutant;
  return createHash('sha256')
    .update(JSON.stringify([seed, file, at, column, changeText(mutant)]))
    .digest('hex');
}
