import type { Command } from 'commander';
import type { Client } from './connection/client.ts';
import { connect, type ConnectionOptions } from './connection/connect.ts';
import { exitCodes } from './exit-code.ts';
import { createOutput, type Output, type OutputOptions } from './output/output.ts';

/** What a verb has that talks to an orchestrator. */
export interface Session<Options> {
  readonly client: Client;
  readonly output: Output;
  readonly options: Options;
  /** What Ctrl-C does the first time; without it, or the second time, the process ends. */
  readonly onInterrupt: (act: () => void) => void;
}

/** Gives a command the options that all such verbs share, and runs `act` with the operands that there are. */
export function onCluster<Options = unknown>(
  command: Command,
  act: (session: Session<Options>, ...operands: string[]) => Promise<void>,
): Command {
  return withConnectionOptions(withOutputOptions(command)).action(async (...parameters: unknown[]) => {
    const options = parameters.at(-2) as Options & ConnectionOptions & OutputOptions;
    const onInterrupt = listenForInterrupts();
    const client = await connect(options, process.env);
    const operands = parameters
      .slice(0, -2)
      .flat()
      .filter((operand) => operand !== undefined) as string[];
    await act({ client, output: createOutput(options), options, onInterrupt }, ...operands);
  });
}

function listenForInterrupts(): Session<unknown>['onInterrupt'] {
  const leave = (): void => process.exit(exitCodes.interrupted);
  let interrupt = leave;
  process.on('SIGINT', () => interrupt());
  return (act) => {
    interrupt = () => {
      interrupt = leave;
      act();
    };
  };
}

/** Where the orchestrator is, and how to be let in. */
export function withConnectionOptions(command: Command): Command {
  return command
    .option('--url <url>', 'orchestrator; else TUTTI_URL, else that of this machine')
    .option('--key-file <file>', 'file with the key; else TUTTI_KEY, else the admin key of this machine')
    .option('--ca-file <file>', 'certificate authority for https; else TUTTI_CA, else that of this machine');
}

/** The options that every verb has. */
export function withOutputOptions(command: Command): Command {
  return command
    .option('--json', 'print JSON: one object, or one a line')
    .option('-q, --quiet', 'print what was asked for, and no sentence beside it');
}
