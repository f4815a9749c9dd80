import type { Command } from 'commander';

/** Examples are what a person looks for in a help, so they come first. */
export function startsWithExamples(command: Command, ...lines: readonly string[]): Command {
  return command.addHelpText('before', `Examples:\n${lines.map((line) => `  ${line}\n`).join('')}`);
}
