import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { seededRandom } from '@tutti/testing';
import type { Mutant } from './mutant.ts';
import { mutantsOf } from './mutants-of.ts';

const noProgram = /(\.(test|fixture)|index)\.ts$/;

/** Draws so many mutants of the files that match. The same seed on the same code draws the same. */
export function sample(root: string, files: string, count: number, seed: number): readonly Mutant[] {
  const paths = globSync(files, { cwd: root }).filter((path) => path.endsWith('.ts') && !noProgram.test(path));
  const mutants = paths.toSorted().flatMap((path) => mutantsOf(path, readFileSync(join(root, path), 'utf8')));
  const random = seededRandom(seed);
  const ranked = mutants.map((mutant) => ({ mutant, rank: random() }));
  ranked.sort((a, b) => a.rank - b.rank);
  return ranked.slice(0, count).map(({ mutant }) => mutant);
}
