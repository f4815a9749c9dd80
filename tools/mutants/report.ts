import { table } from '../../bench/src/table.ts';
import { changeText, type Mutant } from './mutant.ts';
import type { Verdict } from './mutation-run.ts';

/** A mutant that no test can or need tell from the code. It counts as a survivor all the same. */
export interface Accepted {
  readonly file: string;
  /** The text of the line. */
  readonly at: string;
  readonly change: string;
  readonly why: string;
}

/** Why this survivor is accepted, if it is. */
export function whyAccepted(mutant: Mutant, accepted: readonly Accepted[]): string | undefined {
  const { file, at } = mutant;
  const change = changeText(mutant);
  return accepted.find((one) => one.file === file && one.at === at && one.change === change)?.why;
}

/** Which part was killed. Nothing to kill counts as nothing killed. */
export function killedShare(verdicts: readonly Verdict[]): number {
  const killed = verdicts.filter(({ outcome }) => outcome !== 'survived').length;
  return verdicts.length > 0 ? killed / verdicts.length : 0;
}

/** A table by file, then each survivor. */
export function reportText(verdicts: readonly Verdict[], accepted: readonly Accepted[]): string {
  const files = [...new Set(verdicts.map(({ file }) => file))].toSorted();
  const rows = files.map((file) =>
    row(
      file,
      verdicts.filter((verdict) => verdict.file === file),
    ),
  );
  const head = ['file', 'mutants', 'killed', 'timed out', 'survived', '% killed'];
  const survivors = verdicts
    .filter(({ outcome }) => outcome === 'survived')
    .map((verdict) => survivorText(verdict, whyAccepted(verdict, accepted)));
  return [table([head, ...rows, row('all', verdicts)]), ...survivors.toSorted()].join('\n');
}

/** For programs: figures first, then every mutant. */
export function reportJson(verdicts: readonly Verdict[], accepted: readonly Accepted[], seed: number): string {
  const mutants = verdicts.map((verdict) => {
    const { file, line, original, replacement, outcome, by } = verdict;
    const why = outcome === 'survived' ? whyAccepted(verdict, accepted) : undefined;
    return { file, line, original, replacement, outcome, by, ...(why ? { accepted: why } : {}) };
  });
  return JSON.stringify({ seed, count: verdicts.length, killedShare: killedShare(verdicts), mutants }, null, 2);
}

function row(name: string, verdicts: readonly Verdict[]): readonly string[] {
  const of = (wanted: string): string => String(verdicts.filter(({ outcome }) => outcome === wanted).length);
  const share = (100 * killedShare(verdicts)).toFixed(0);
  return [name, String(verdicts.length), of('killed'), of('timed_out'), of('survived'), share];
}

function survivorText(verdict: Verdict, why: string | undefined): string {
  return `survived ${verdict.file}:${verdict.line}  ${changeText(verdict)}${why ? `  (accepted: ${why})` : ''}`;
}
