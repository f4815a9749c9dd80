import tab from '@bomb.sh/tab';
import { Argument, type Command } from 'commander';
import { startsWithExamples } from '../examples.ts';

export function declareCompletion(command: Command): void {
  startsWithExamples(
    command,
    'source <(tutti completion bash)',
    'tutti completion zsh > ~/.zfunc/_tutti',
    'tutti completion fish | source',
    'tutti completion powershell | Out-String | Invoke-Expression',
  );
  command
    .addArgument(new Argument('<shell>', 'of the script').choices(['bash', 'zsh', 'fish', 'powershell']))
    .action((shell: string) => tab.setup('tutti', 'tutti', shell));
}
