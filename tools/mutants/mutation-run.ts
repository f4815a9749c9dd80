import type { Mutant } from './mutant.ts';
import { reaching } from './reaching.ts';
import { createTester, type Tester, type TestResult } from './tester.ts';
import { createTreeCopy, type TreeCopy } from './tree-copy.ts';

/** A mutant and what became of it. */
export interface Verdict extends Mutant, TestResult {}

interface MutationSettings {
  readonly root: string;
  /** The folders that the tests need, relative to the root. */
  readonly folders: readonly string[];
  /** Globs, relative to the root. */
  readonly tests: readonly string[];
  /** How long a test may take before its mutant counts as hung; longer where the tests are slow without one. */
  readonly silenceMs: number;
  /** How many mutants are tested at a time, each in a copy of the tree. */
  readonly jobs: number;
  /** Which mutants of the tree under this root. */
  draw(root: string): readonly Mutant[];
  /** Called with each verdict as it falls. */
  onVerdict?(verdict: Verdict, place: number, count: number): void;
}

/** Tests mutants of the tree as it is now, whoever changes it meanwhile. Throws when the tests fail without one. */
export async function mutationRun(settings: MutationSettings): Promise<readonly Verdict[]> {
  const copies: TreeCopy[] = [];
  try {
    const { root, folders, jobs } = settings;
    for (let i = 0; i < jobs; i += 1) copies.push(await createTreeCopy(copies[0]?.root ?? root, folders));
    return await verdictsIn(copies, settings);
  } finally {
    await Promise.all(copies.map((copy) => copy.remove()));
  }
}

async function verdictsIn(
  copies: readonly TreeCopy[],
  { tests, silenceMs, draw, onVerdict }: MutationSettings,
): Promise<readonly Verdict[]> {
  const testers = copies.map(({ root }) => createTester({ root, tests }));
  const [[first], [copy]] = [testers, copies];
  if (!first || !copy) return [];
  try {
    const mutants = draw(copy.root);
    const files = await first.baseline();
    const slowestMs = Math.max(...files.map(({ durationMs }) => durationMs));
    const mostMs = Math.max(silenceMs, 4 * slowestMs);
    const verdicts: Verdict[] = [];
    const waiting = mutants.values();
    const work = testers.map(async (tester) => {
      for (const mutant of waiting) {
        const wanted = reaching(mutant.file, files);
        const verdict = { ...mutant, ...(await resultOf(tester, mutant, wanted, mostMs)) };
        verdicts.push(verdict);
        onVerdict?.(verdict, verdicts.length, mutants.length);
      }
    });
    await Promise.all(work);
    return verdicts;
  } finally {
    await Promise.all(testers.map((tester) => tester.close()));
  }
}

async function resultOf(tester: Tester, mutant: Mutant, tests: readonly string[], mostMs: number): Promise<TestResult> {
  return tests.length > 0 ? await tester.test(mutant, tests, mostMs) : { outcome: 'survived' };
}
