import { Command, Option } from 'commander';
import { runProgram, version } from '@tutti/runtime';

/** Runs what the command line says. */
export function runCommand(): Promise<void> {
  const program = new Command('tutti')
    .description('Every machine you own, playing as one private LLM service.')
    .version(version)
    .showSuggestionAfterError();

  program
    .command('up')
    .description('start an orchestrator and an agent on this machine, and ask the model a question')
    .option('-p, --port <port>', 'where clients come')
    .option('--once', 'exit after the answer; 0 only if a real model gave it')
    .option('--json', 'print one JSON object instead of text')
    .addOption(
      new Option('--backend <kind>', 'what answers').choices(['auto', 'ollama', 'embedded', 'echo']).default('auto'),
    )
    .option('--model-file <file>', 'a GGUF file for the embedded engine')
    .addOption(
      new Option('--log-level <level>', 'of the log on stderr')
        .choices(['error', 'warn', 'info', 'debug'])
        .default('error'),
    )
    .addHelpText('after', '\nExamples:\n  tutti up\n  tutti up --port 4001\n  tutti up --once --json')
    .action(async (options) => {
      const { up } = await import('./up.ts');
      await up(options);
    });

  return runProgram(async () => {
    await program.parseAsync();
  });
}
