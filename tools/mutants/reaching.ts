import { basename, dirname } from 'node:path';
import type { TestFile } from './messages.ts';

/** The tests that import the file, the likeliest to notice first: those beside it, then the quick ones. */
export function reaching(file: string, tests: readonly TestFile[]): readonly string[] {
  const distance = ({ path }: TestFile): number => {
    if (dirname(path) !== dirname(file)) return 2;
    return basename(path).startsWith(`${basename(file, '.ts')}.`) ? 0 : 1;
  };
  return tests
    .filter(({ imports }) => imports.includes(file))
    .toSorted((a, b) => distance(a) - distance(b) || a.durationMs - b.durationMs)
    .map(({ path }) => path);
}
