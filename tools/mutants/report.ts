import { table } from '../../bench/src/table.ts';
import { changeText, type Mutant } from './mutant.ts';
import type { Verdict } from './mutation-run.ts';
import type { Outcome } from './tester.ts';

/** A mutant that no test can or need tell from the code. It counts as a survivor all the same. */
export interface Accepted {
  readonly file: string;
  /** The text of the line. */
  readonly at: string;
  readonly change: string;
  readonly why: string;
}

interface Drawn {
  readonly files: string;
  readonly seed: number;
}

/** Why this survivor is accepted, if it is. */
export function whyAccepted(mutant: Mutant, accepted: readonly Accepted[]): string | undefined {
  const { file, at } = mutant;
  const change = changeText(mutant);
  return accepted.find((one) => one.file === file && one.at === at && one.change === change)?.why;
}

/** Which part was killed. Nothing to kill counts as nothing killed. */
export function killedShare(verdicts: readonly Verdict[]): number {
  return verdicts.length > 0 ? 1 - having('survived', verdicts).length / verdicts.length : 0;
}

/** A table by file, then each mutant that no test noticed by its name. */
export function reportText(verdicts: readonly Verdict[], accepted: readonly Accepted[]): string {
  const unnamed = (['timed_out', 'broken', 'survived'] as const).flatMap((outcome) => having(outcome, verdicts));
  const lines = unnamed.map((verdict) => {
    const { outcome, file, line } = verdict;
    const note = noteOn(verdict, accepted);
    return `${outcome.padEnd(9)} ${file}:${line}  ${changeText(verdict)}${note ? `  (${note})` : ''}`;
  });
  return [table(rowsOf(verdicts)), ...lines].join('\n');
}

/** For programs: figures first, then every mutant. */
export function reportJson(
  verdicts: readonly Verdict[],
  accepted: readonly Accepted[],
  { files, seed }: Drawn,
): string {
  const mutants = verdicts.map((verdict) => {
    const { file, line, original, replacement, outcome, by } = verdict;
    const why = outcome === 'survived' ? whyAccepted(verdict, accepted) : undefined;
    return { file, line, original, replacement, outcome, by, ...(why ? { accepted: why } : {}) };
  });
  return JSON.stringify({ files, seed, count: verdicts.length, killedShare: killedShare(verdicts), mutants }, null, 2);
}

/** As `reportText`, for a page. */
export function reportMarkdown(verdicts: readonly Verdict[], accepted: readonly Accepted[], drawn: Drawn): string {
  const [head = [], ...rows] = rowsOf(verdicts);
  const unnamed = (['survived', 'timed_out', 'broken'] as const).flatMap((outcome) => having(outcome, verdicts));
  return [
    `${verdicts.length} mutants of \`${drawn.files}\`, seed ${drawn.seed}: ${percent(verdicts)} % killed.`,
    '',
    ...markdownTable([head, ...rows]),
    '',
    'Those that no test noticed by its name:',
    '',
    ...markdownTable([
      ['outcome', 'line', 'change', 'why'],
      ...unnamed.map((verdict) => [
        verdict.outcome.replace('_', ' '),
        `${verdict.file}: ${code(verdict.at)}`,
        code(changeText(verdict)),
        noteOn(verdict, accepted) ?? '**nobody has said yet**',
      ]),
    ]),
  ].join('\n');
}

function rowsOf(verdicts: readonly Verdict[]): readonly (readonly string[])[] {
  const files = [...new Set(verdicts.map(({ file }) => file))].toSorted();
  return [
    ['file', 'mutants', 'killed', 'broken', 'timed out', 'survived', '% killed'],
    ...files.map((file) =>
      row(
        file,
        verdicts.filter((verdict) => verdict.file === file),
      ),
    ),
    row('all', verdicts),
  ];
}

function row(name: string, verdicts: readonly Verdict[]): readonly string[] {
  const counts = (['killed', 'broken', 'timed_out', 'survived'] as const).map(
    (outcome) => having(outcome, verdicts).length,
  );
  return [name, String(verdicts.length), ...counts.map(String), percent(verdicts)];
}

function percent(verdicts: readonly Verdict[]): string {
  return (100 * killedShare(verdicts)).toFixed(0);
}

function having(wanted: Outcome, verdicts: readonly Verdict[]): readonly Verdict[] {
  return verdicts.filter(({ outcome }) => outcome === wanted).toSorted((a, b) => placeOf(a).localeCompare(placeOf(b)));
}

function placeOf({ file, line }: Mutant): string {
  return `${file}:${String(line).padStart(6)}`;
}

function noteOn(verdict: Verdict, accepted: readonly Accepted[]): string | undefined {
  if (verdict.outcome === 'timed_out') return 'its tests do not end';
  return verdict.outcome === 'survived' ? whyAccepted(verdict, accepted) : verdict.by;
}

function code(text: string): string {
  return text.includes('`') ? `\`\` ${text} \`\`` : `\`${text}\``;
}

function markdownTable([head = [], ...rows]: readonly (readonly string[])[]): readonly string[] {
  return [head, head.map(() => '-'), ...rows].map(
    (cells) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`,
  );
}
