import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';

/** Puts results between the marks of a page of docs, for example `<!-- bench:patterns -->` and `<!-- /bench:patterns -->`. */
export function writePage(name: string, mark: string, results: string): void {
  const page = new URL(`../../docs/${name}`, import.meta.url);
  const marks = [`<!-- ${mark} -->`, `<!-- /${mark} -->`] as const;
  const text = readFileSync(page, 'utf8');
  const [from, to] = marks.map((one) => text.indexOf(one));
  if (from! < 0 || to! < from!) throw new Error(`docs/${name} has no ${marks.join(' ... ')} to write between.`);
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
