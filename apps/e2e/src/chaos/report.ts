import { execFileSync } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import type { Result, Size } from './figure.ts';

export interface Run {
  readonly size: Size;
  readonly seed: number;
  /** How many threads wanted a core, on average over the minute before. */
  readonly loadBefore: number;
  readonly results: readonly Result[];
}

const page = new URL('../../../../docs/reliability.md', import.meta.url);
const [begin, end] = ['<!-- figures -->', '<!-- /figures -->'];

/** One line for each result. */
export function reportText(results: readonly Result[]): string {
  const lines = results.map(
    ({ figure, claim, trials, measured, bar, ok }) =>
      `${ok ? 'ok    ' : 'BROKEN'} ${figure} ${claim}\n       ${trials} trials: ${measured}; bar: ${bar}\n`,
  );
  return lines.join('');
}

/** The table of a run, and what it was run on. */
export function reportMarkdown({ size, seed, loadBefore, results }: Run): string {
  const commit = git('rev-parse', '--short', 'HEAD');
  const isChanged = git('status', '--porcelain', '--', 'apps', 'libs', 'proto') !== '';
  const on = `${cpus().length} CPU cores (${cpus()[0]?.model ?? 'unknown'}), Node.js ${process.version}, load ${loadBefore.toFixed(1)} before the start`;
  const rows = results.map(({ figure, claim, trials, measured, bar, ok }) => [
    ...[figure, claim, trials.toLocaleString('en'), measured, bar, ok ? 'yes' : '**no**'],
  ]);
  return [
    `${new Date().toISOString().slice(0, 10)}, commit ${commit}${isChanged ? ' with changes' : ''}, ${on}, size \`${size}\`, seed ${seed}.`,
    '',
    row(['', 'Claim', 'Trials', 'Measured', 'Bar', 'Holds']),
    row(['-', '-', '-:', '-', '-', '-']),
    ...rows.map(row),
  ].join('\n');
}

/** Puts it between the marks of the page. */
export async function writeReport(markdown: string): Promise<void> {
  const text = await readFile(page, 'utf8');
  const [from, to] = [text.indexOf(begin) + begin.length, text.indexOf(end)];
  if (from < begin.length || to < from) throw new Error(`docs/reliability.md must have ${begin} and ${end}`);
  await writeFile(page, `${text.slice(0, from)}\n\n${markdown}\n\n${text.slice(to)}`);
}

function row(cells: readonly string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|').replaceAll('\n', ' ')).join(' | ')} |`;
}

function git(...args: readonly string[]): string {
  return execFileSync('git', args, { encoding: 'utf8', cwd: import.meta.dirname }).trim();
}
