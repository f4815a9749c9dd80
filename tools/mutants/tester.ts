import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { TestFile, TesterMessage, TestRun } from './messages.ts';
import { mutated, type Mutant } from './mutant.ts';

/**
 * What became of a mutant. All but the last are killed: a test noticed; its test files cannot even run, which was seen
 * twice; or nothing more was heard of its tests.
 */
export type Outcome = 'killed' | 'broken' | 'timed_out' | 'survived';

export interface TestResult {
  readonly outcome: Outcome;
  /** The test that noticed, or what broke. */
  readonly by?: string;
}

/** Tests mutants in a copy of the tree, one at a time. */
export interface Tester {
  /** All tests on the code as it is. Throws when one fails. */
  baseline(): Promise<readonly TestFile[]>;
  /** Runs the test files in this order until one fails. `silenceMs`: how long one test may take before it counts as hung. */
  test(mutant: Mutant, tests: readonly string[], silenceMs: number): Promise<TestResult>;
  close(): Promise<void>;
}

export interface TesterSettings {
  /** Of a copy that the tester has to itself. */
  readonly root: string;
  /** Globs, relative to the root. */
  readonly tests: readonly string[];
}

const program = fileURLToPath(new URL('tester-process.ts', import.meta.url));

export function createTester({ root, tests }: TesterSettings): Tester {
  let warm: ChildProcess | undefined;

  const start = async (): Promise<ChildProcess> => {
    const args = ['--root', root, ...tests.flatMap((glob) => ['--tests', glob])];
    const child = fork(program, args, { stdio: ['ignore', 'ignore', 'ignore', 'ipc'] });
    child.on('error', () => {});
    await once(child, 'message');
    return child;
  };
  const stop = async (): Promise<void> => {
    const child = warm;
    warm = undefined;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
  };
  const run = async (wanted: TestRun, withinMs: number): Promise<Done | 'ended' | 'silent'> => {
    warm ??= await start();
    const answer = await answerTo(wanted, warm, withinMs);
    if (typeof answer === 'string') await stop();
    return answer;
  };
  const attempt = async (wanted: TestRun, silenceMs: number): Promise<TestResult> => {
    const answer = await run(wanted, silenceMs);
    if (answer === 'silent') return { outcome: 'timed_out' };
    if (answer === 'ended') return { outcome: 'broken', by: 'the process of the tests ended' };
    if (!answer.failure) return { outcome: 'survived' };
    const { by, isTest } = answer.failure;
    return { outcome: isTest ? 'killed' : 'broken', by };
  };

  return {
    async baseline() {
      const answer = await run({}, 120_000);
      if (typeof answer === 'string') throw new Error('The tests did not come to an end on the code as it is.');
      if (answer.failure) throw new Error(`Tests fail on the code as it is: ${answer.failure.by}.`);
      return answer.files;
    },
    async test(mutant, wanted, silenceMs) {
      const path = join(root, mutant.file);
      const source = await readFile(path, 'utf8');
      await writeFile(path, mutated(source, mutant));
      const order = { tests: wanted, changed: mutant.file };
      try {
        const first = await attempt(order, silenceMs);
        if (first.outcome !== 'broken') return first;
        // The machine may have been to blame, but not twice.
        await stop();
        return await attempt(order, silenceMs);
      } finally {
        await writeFile(path, source);
      }
    },
    close: stop,
  };
}

type Done = Extract<TesterMessage, { type: 'done' }>;

/** A tester that falls silent hangs; one that ends has been brought down. */
async function answerTo(run: TestRun, child: ChildProcess, silenceMs: number): Promise<Done | 'ended' | 'silent'> {
  return new Promise((resolve) => {
    const end = (answer: Done | 'ended' | 'silent'): void => {
      clearTimeout(timer);
      child.off('message', listen).off('exit', fall);
      resolve(answer);
    };
    const fall = (): void => end('ended');
    const listen = (message: unknown): void => {
      const said = message as TesterMessage;
      if (said.type === 'done') end(said);
      else timer.refresh();
    };
    const timer = setTimeout(() => end('silent'), silenceMs);
    child.on('message', listen).on('exit', fall);
    child.send(run);
  });
}
