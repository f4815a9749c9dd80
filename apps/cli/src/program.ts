import { Command } from 'commander';
import { version } from '@tutti/runtime';
import { startsWithExamples } from './examples.ts';
import { verbs } from './verbs.ts';

/** The whole command line; a verb's own part is read when the verb is used. */
export function createProgram(): Command {
  const program = new Command('tutti')
    .description('Every machine you own, playing as one private LLM service.')
    .version(version)
    .enablePositionalOptions()
    .showSuggestionAfterError()
    .helpCommand(false)
    .exitOverride()
    .configureHelp({ subcommandTerm: (command) => command.name() })
    .hook('preSubcommand', (_, command) => declareVerb(command));
  startsWithExamples(program, 'tutti up', 'tutti run llama3.2:3b "Why is the sky blue?"', 'tutti nodes');
  for (const [name, { group, summary }] of Object.entries(verbs)) {
    program.command(name).summary(summary).description(sentence(summary)).helpGroup(group);
  }
  return program;
}

/** Reads the verbs' files as well: for whoever looks at all of them at once. */
export async function createWholeProgram(): Promise<Command> {
  const program = createProgram();
  await Promise.all(program.commands.map(declareVerb));
  return program;
}

async function declareVerb(command: Command): Promise<void> {
  const declare = await verbs[command.name()]!.read();
  declare(command);
}

function sentence(summary: string): string {
  return `${summary.charAt(0).toUpperCase()}${summary.slice(1)}.`;
}
