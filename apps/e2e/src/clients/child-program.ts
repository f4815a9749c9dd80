import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { capabilities, type Client, type StepResult, type Target } from './client.ts';

interface Program {
  readonly command: string;
  readonly args?: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
}

/**
 * Runs a script that takes the target as JSON in its last argument and prints a step result a line. It stays until its
 * input is closed, so that its connections can be looked at after each step.
 */
async function* runProgram({ command, args = [], env }: Program, target: Target): AsyncIterable<StepResult> {
  const child = spawn(command, [...args, JSON.stringify(target)], {
    env: { ...process.env, ...env },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const closed = once(child, 'close');
  let complaint = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (complaint = `${complaint}${text}`.slice(-2_000)));
  let last: string | undefined;
  try {
    for await (const line of createInterface({ input: child.stdout })) {
      const result = JSON.parse(line) as StepResult;
      last = result.capability;
      yield result;
      if (last === capabilities.at(-1)) child.stdin.end();
    }
    await closed;
    if (last !== capabilities.at(-1)) throw new Error(`${command} ended after "${last ?? 'nothing'}": ${complaint}`);
  } finally {
    child.kill('SIGKILL');
  }
}

/** A client whose library is not one of JavaScript; `program` makes what it needs, once. */
export function inProgram(facts: Omit<Client, 'run'>, program: () => Promise<Program>): Client {
  return {
    ...facts,
    async *run(target) {
      yield* runProgram(await program(), target);
    },
  };
}
