import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { TestFile, TesterMessage, TestRun } from './messages.ts';
import { mutated, type Mutant } from './mutant.ts';
import { createTreeCopy } from './tree-copy.ts';

/** What became of a mutant. `timed_out` is killed too: nothing more was heard of its tests. */
export type Outcome = 'killed' | 'timed_out' | 'survived';

export interface TestResult {
  readonly outcome: Outcome;
  /** The test that noticed, if one did. */
  readonly by?: string;
}

/** Tests mutants in a copy of the tree, one at a time. */
export interface Tester {
  /** All tests on the code as it is, each on its own. Throws when one fails. */
  baseline(): Promise<readonly TestFile[]>;
  /** Runs the test files in this order until one fails. */
  test(mutant: Mutant, tests: readonly string[]): Promise<TestResult>;
  close(): Promise<void>;
}

export interface TesterSettings {
  readonly root: string;
  /** The folders that the tests need, relative to the root. */
  readonly folders: readonly string[];
  /** Globs. */
  readonly tests: readonly string[];
  /** How long one test may take before its mutant counts as hung. */
  readonly silenceMs: number;
}

const program = fileURLToPath(new URL('tester-process.ts', import.meta.url));

export async function createTester({ root, folders, tests, silenceMs }: TesterSettings): Promise<Tester> {
  const copy = await createTreeCopy(root, folders);
  let warm: ChildProcess | undefined;

  const start = async (isolate: boolean): Promise<ChildProcess> => {
    const args = [
      '--root',
      copy.root,
      ...tests.flatMap((glob) => ['--tests', glob]),
      ...(isolate ? ['--isolate'] : []),
    ];
    const child = fork(program, args, { cwd: root, stdio: ['ignore', 'ignore', 'ignore', 'ipc'] });
    child.on('error', () => {});
    await once(child, 'message');
    return child;
  };
  const stop = async (child: ChildProcess | undefined): Promise<void> => {
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
  };

  return {
    async baseline() {
      const child = await start(true);
      const answer = await answerTo({ bail: false }, child, 120_000);
      await stop(child);
      if (typeof answer === 'string') throw new Error('The tests did not come to an end on the code as it is.');
      if (answer.failures.length > 0)
        throw new Error(`Tests fail on the code as it is: ${answer.failures.join('; ')}.`);
      return answer.files;
    },
    async test(mutant, wanted) {
      const path = join(copy.root, mutant.file);
      const source = await readFile(path, 'utf8');
      await writeFile(path, mutated(source, mutant));
      warm ??= await start(false);
      const answer = await answerTo({ tests: wanted, changed: mutant.file, bail: true }, warm, silenceMs);
      await writeFile(path, source);
      if (typeof answer !== 'string') {
        const [by] = answer.failures;
        return by === undefined ? { outcome: 'survived' } : { outcome: 'killed', by };
      }
      await stop(warm);
      warm = undefined;
      return { outcome: answer };
    },
    async close() {
      await stop(warm);
      await copy.remove();
    },
  };
}

type Done = Extract<TesterMessage, { type: 'done' }>;

/** A tester that falls silent hangs; one that ends has been brought down. */
async function answerTo(run: TestRun, child: ChildProcess, silenceMs: number): Promise<Done | 'killed' | 'timed_out'> {
  return new Promise((resolve) => {
    const end = (answer: Done | 'killed' | 'timed_out'): void => {
      clearTimeout(timer);
      child.off('message', listen).off('exit', fall);
      resolve(answer);
    };
    const fall = (): void => end('killed');
    const listen = (message: unknown): void => {
      const said = message as TesterMessage;
      if (said.type === 'done') end(said);
      else timer.refresh();
    };
    const timer = setTimeout(() => end('timed_out'), silenceMs);
    child.on('message', listen).on('exit', fall);
    child.send(run);
  });
}
