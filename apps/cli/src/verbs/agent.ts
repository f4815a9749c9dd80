import type { Command } from 'commander';
import { createShutdown, explain, shutDownOnSignals } from '@tutti/runtime';
import { loadConfig } from '@tutti/runtime/config';
import { startsWithExamples } from '../examples.ts';
import { exitCodeOf } from '../exit-code.ts';
import { withOutputOptions } from '../on-cluster.ts';
import { createOutput, type Output, type OutputOptions } from '../output/output.ts';
import { startChild } from '../up/child.ts';
import { narrate } from '../up/narrate.ts';
import { programFile } from '../up/program.ts';

interface Options extends OutputOptions {
  readonly discover?: boolean;
}

interface AgentFacts {
  readonly name: string;
  readonly port: number;
  readonly backend: string;
  readonly version: string;
}

const moreFlags = `
Every setting of the agent is a flag, for example:
  --join <host[:port]>     the orchestrator to join; the first time with --token or --token-file
  --name <name>            of this node; else that of the machine
  --backend <kind>         auto, ollama, embedded or echo
  --llama-base-url <url>   where Ollama is
  --log-level <level>      error, warn, info or debug
"tutti config show --origin" lists all settings.`;

export function declareAgent(command: Command): void {
  startsWithExamples(
    command,
    'tutti agent --join 192.168.1.10 --token TOKEN    (the line that "tutti token create" prints)',
    'tutti agent    (later: it knows its cluster)',
    'tutti agent --discover',
  );
  command
    .argument('[flags...]')
    .usage('[flags]')
    .allowUnknownOption()
    .option('--discover', 'list the orchestrators that this network lets us hear, and exit')
    .addHelpText('after', moreFlags);
  withOutputOptions(command).action(async (_: string[], options: Options) => {
    const output = createOutput(options);
    if (options.discover) {
      const { discover } = await import('../up/discover.ts');
      return discover(output);
    }
    await runAgent(command.args, output);
  });
}

/** Runs until it is told to end, or the agent ends by itself. */
async function runAgent(args: readonly string[], output: Output): Promise<void> {
  const { current, origins } = loadConfig({ program: 'agent', args, env: process.env, cwd: process.cwd() });
  // A person wants to read sentences, a service manager wants the log.
  const forPerson = process.stderr.isTTY && origins['logging.level']!.origin === 'default';
  const { join: cluster, shutdownGraceMs } = current.agent;
  const shutdown = createShutdown({
    onError: (part, error) => output.note(`${part} did not stop: ${explain(error)}`),
  });
  shutDownOnSignals(shutdown);
  if (cluster !== undefined) output.note(`Joining the cluster at ${cluster}.`);
  const logView = forPerson ? 'errors' : 'all';
  const agent = startChild<AgentFacts>(programFile('agent'), args, { listen: narrate(output), logView });
  shutdown.add('agent', () => agent.stop(shutdownGraceMs + 1_000));
  try {
    const facts = await agent.ready;
    output.answer(facts, () => '');
    output.note(`  ok  This machine serves as node ${facts.name}, by ${facts.backend}. Ctrl-C stops it.`);
    const exit = await agent.exited;
    if (!shutdown.begun) shutdown.begin(typeof exit === 'number' ? exit : 1);
  } catch (error) {
    if (shutdown.begun) return;
    process.stderr.write(`${explain(error)}\n`);
    shutdown.begin(exitCodeOf(error));
  }
}
