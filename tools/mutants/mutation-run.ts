import type { Mutant } from './mutant.ts';
import type { TestFile } from './messages.ts';
import { reaching } from './reaching.ts';
import { createTester, type Tester, type TesterSettings, type TestResult } from './tester.ts';

/** A mutant and what became of it. */
export interface Verdict extends Mutant, TestResult {}

/** Tests all mutants, several at a time, and tells each verdict as it falls. Throws when the tests fail without one. */
export async function mutationRun(
  mutants: readonly Mutant[],
  settings: TesterSettings,
  jobs: number,
  onVerdict: (verdict: Verdict) => void = () => {},
): Promise<readonly Verdict[]> {
  const testers = await Promise.all(Array.from({ length: jobs }, () => createTester(settings)));
  try {
    const tests = await baseline(testers, mutants);
    const verdicts: Verdict[] = [];
    const waiting = mutants.values();
    const work = testers.map(async (tester) => {
      for (const mutant of waiting) {
        const wanted = reaching(mutant.file, tests);
        const result: TestResult = wanted.length > 0 ? await tester.test(mutant, wanted) : { outcome: 'survived' };
        const verdict = { ...mutant, ...result };
        verdicts.push(verdict);
        onVerdict(verdict);
      }
    });
    await Promise.all(work);
    return verdicts;
  } finally {
    await Promise.all(testers.map((tester) => tester.close()));
  }
}

/** The tests, when they pass each on its own and, on a mutant that changes nothing, all in one process. */
async function baseline([tester]: readonly Tester[], [mutant]: readonly Mutant[]): Promise<readonly TestFile[]> {
  if (!tester || !mutant) return [];
  const tests = await tester.baseline();
  const unchanged = { ...mutant, replacement: mutant.original };
  const { outcome, by } = await tester.test(unchanged, reaching(mutant.file, tests));
  if (outcome !== 'survived')
    throw new Error(`Tests fail without a change when they share a process: ${by ?? outcome}.`);
  return tests;
}
