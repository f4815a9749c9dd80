import { Option, type Command } from 'commander';
import { startsWithExamples } from '../examples.ts';
import { withOutputOptions } from '../on-cluster.ts';
import { up } from '../up/up.ts';

export function declareUp(command: Command): void {
  startsWithExamples(
    command,
    'tutti up',
    'tutti up --host 0.0.0.0    (open to the network, with keys)',
    'tutti up --once --json',
  );
  command
    .option('-p, --port <port>', 'where clients come')
    .option('--host <address>', 'address to listen on; wider than this machine, keys are made and demanded')
    .option('--once', 'exit after the answer; 0 only if a real model gave it')
    .addOption(new Option('--backend <kind>', 'what answers').choices(['auto', 'ollama', 'embedded', 'echo']))
    .option('--model-file <file>', 'a GGUF file for the embedded engine')
    .option('--config <file>', 'configuration; else the one that is found')
    .addOption(new Option('--log-level <level>', 'of the log on stderr').choices(['error', 'warn', 'info', 'debug']));
  withOutputOptions(command).action(up);
}
