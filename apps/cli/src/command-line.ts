import { CommanderError } from 'commander';
import { explain } from '@tutti/runtime';
import { exitCodeOf, exitCodes } from './exit-code.ts';
import { createProgram } from './program.ts';

/** Runs what the command line says, and leaves its exit code. */
export async function runCommandLine(args: readonly string[]): Promise<void> {
  // Whoever reads only the first line closes the pipe.
  process.stdout.on('error', () => {});
  try {
    const [first, ...rest] = args;
    if (first === 'complete') return await (await import('./complete.ts')).complete(rest);
    await createProgram().parseAsync(first === 'help' ? [...rest, '--help'] : args, { from: 'user' });
  } catch (error) {
    process.exitCode = tell(error);
  }
}

/** The sentence on stderr; returns the exit code. What is wrong with the command line has been told already. */
function tell(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.ok : exitCodes.usage;
  process.stderr.write(`${explain(error)}\n`);
  return exitCodeOf(error);
}
