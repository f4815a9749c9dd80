import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const execute = promisify(execFile);

/** Thrown when something that a real Ollama needs cannot be had on this machine. The message is one sentence that says why. */
export class Unavailable extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'Unavailable';
  }
}

/** Runs a program to its end; throws Unavailable with the last line it complained with. */
export async function runCommand(
  program: string,
  args: readonly string[],
  env: Record<string, string> = {},
): Promise<void> {
  try {
    await execute(program, [...args], { env: { ...process.env, ...env }, maxBuffer: 64 * 1024 * 1024 });
  } catch (thrown) {
    const { code, stderr } = thrown as { code?: unknown; stderr?: string };
    if (code === 'ENOENT') throw new Unavailable(`${program} is not installed`);
    const complaint = (stderr ?? '').trim().split('\n').at(-1);
    throw new Unavailable(`"${program} ${args.slice(0, 3).join(' ')} ..." failed: ${complaint || String(code)}`);
  }
}
