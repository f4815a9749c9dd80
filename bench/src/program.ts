import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** A process that was started for the bench. */
export interface Program<Facts> {
  readonly pid: number;
  /** What it said when it was ready. */
  readonly facts: Facts;
}

/** What every program here says when it is ready. */
export interface Port {
  readonly port: number;
}

const running = new Set<ChildProcess>();

/** Starts a Node program that sends `{ ready }` to its parent; `module` is a file's URL or a package's name. */
export async function startProgram<Facts = Port>(
  module: string,
  args: readonly string[] = [],
  execArgv: readonly string[] = [],
): Promise<Program<Facts>> {
  const child = endedWithUs(
    fork(fileURLToPath(import.meta.resolve(module)), args, {
      execArgv: [...execArgv],
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    }),
  );
  const facts = await new Promise<Facts>((resolve, reject) => {
    child.on('message', ({ ready, failed }: { ready?: Facts; failed?: string }) => {
      if (ready) resolve(ready);
      if (failed) reject(new Error(failed));
    });
    child.once('exit', (code, signal) => reject(new Error(`${module} ended (${code ?? signal})`)));
  });
  return { pid: child.pid!, facts };
}

/** What a program answers to a question, if something in it listens: see `heap-probe.ts`. */
export async function askProgram<Answer>({ pid }: Program<unknown>, question: string): Promise<Answer> {
  const child = [...running].find((one) => one.pid === pid);
  if (!child) throw new Error(`no process ${pid} to ask`);
  child.send({ ask: question });
  for (;;) {
    const [{ answer }] = (await once(child, 'message')) as [{ answer?: Answer }];
    if (answer !== undefined) return answer;
  }
}

/** Takes care that a process does not outlive the bench. */
export function endedWithUs(child: ChildProcess): ChildProcess {
  running.add(child);
  child.once('exit', () => running.delete(child));
  return child;
}

/** Ends all processes at once: none of them holds anything of worth. */
export async function stopPrograms(): Promise<void> {
  const exits = [...running].map((child) => once(child, 'exit'));
  for (const child of running) child.kill('SIGKILL');
  await Promise.all(exits);
}
