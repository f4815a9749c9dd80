import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';

const page = new URL('../../../docs/patterns.md', import.meta.url);
const marks = ['<!-- bench:patterns -->', '<!-- /bench:patterns -->'] as const;

/** Puts the results between their marks in the page. */
export function writePage(results: string): void {
  const text = readFileSync(page, 'utf8');
  const [from, to] = marks.map((mark) => text.indexOf(mark));
  if (from! < 0 || to! < from!) throw new Error(`docs/patterns.md has no ${marks.join(' ... ')} to write between.`);
  writeFileSync(page, `${text.slice(0, from! + marks[0].length)}\n\n${results}\n\n${text.slice(to)}`);
}

/** What was measured, and on what. */
export function measuredOn(): string {
  const git = (...args: readonly string[]): string => execFileSync('git', args, { encoding: 'utf8' }).trim();
  const isChanged = git('status', '--porcelain', '--', 'libs', 'bench') !== '';
  const commit = `commit ${git('rev-parse', '--short', 'HEAD')}${isChanged ? ' with changes' : ''}`;
  const cores = cpus();
  return `${commit}, ${cores.length} CPU cores (${cores[0]?.model.trim() ?? 'unknown'}), Node.js ${process.version}`;
}
