import { writeFile } from 'node:fs/promises';
import { ClusterError } from '@tutti/core';
import type { Command } from 'commander';
import {
  configSchema,
  initialConfig,
  loadConfig,
  routeWarnings,
  type ConfigValues,
  type Program,
} from '@tutti/runtime/config';
import { startsWithExamples } from '../examples.ts';
import { exitCodes } from '../exit-code.ts';
import { withOutputOptions } from '../on-cluster.ts';
import { createOutput, type OutputOptions } from '../output/output.ts';
import { table } from '../output/table.ts';

export function declareConfig(command: Command): void {
  startsWithExamples(command, 'tutti config init', 'tutti config validate tutti.yaml', 'tutti config show --origin');
  declareInit(command);
  declareValidate(command);
  declareShow(command);
  command
    .command('schema')
    .description('print the JSON schema of the file')
    .action(() => createOutput({}).answer(configSchema(), () => JSON.stringify(configSchema(), undefined, 2)));
}

function declareInit(config: Command): void {
  const init = config.command('init').description('write a file that explains every setting');
  withOutputOptions(init.argument('[file]', 'its name', 'tutti.yaml')).action(
    async (file: string, options: OutputOptions) => {
      const output = createOutput(options);
      await writeFile(file, initialConfig(), { flag: 'wx' }).catch((error: NodeJS.ErrnoException) => {
        if (error.code !== 'EEXIST') throw error;
        throw new ClusterError(
          'failed_precondition',
          `${file} is there already and stays as it is. Name another file, or remove it first.`,
        );
      });
      output.answer({ file }, () => file);
      output.next('tutti config show --origin');
    },
  );
}

/** A mistake in a file is what this verb looks for, so it is a failure and no wrong use. */
function declareValidate(config: Command): void {
  const validate = config.command('validate').description('check a file, and everything else that sets something');
  withOutputOptions(validate.argument('[file]', 'else the one that is found')).action(
    (file: string | undefined, options: OutputOptions) => {
      const output = createOutput(options);
      try {
        const { file: read, current } = load(file === undefined ? [] : ['--config', file]);
        const warnings = warningsOf(current);
        output.answer({ valid: true, file: read ?? null, warnings }, () => `${read ?? 'no file'}: valid`);
        if (!output.json) warnings.forEach(output.note);
        output.next('tutti config show --origin');
      } catch (error) {
        const { message, reason } = ClusterError.from(error);
        if (reason !== 'invalid_request') throw error;
        const problems = message.split('\n');
        output.answer({ valid: false, file: file ?? null, problems }, () => problems.join('\n'));
        process.exitCode = exitCodes.failure;
      }
    },
  );
}

/** Where no node is declared, all of them join, and nobody knows their names yet. */
function warningsOf({ nodes, routes }: ConfigValues): string[] {
  const names = nodes.map(({ name }) => name);
  return names.length === 0 ? [] : routeWarnings(routes, names);
}

interface ShowOptions extends OutputOptions {
  readonly origin?: boolean;
  readonly agent?: boolean;
}

function declareShow(config: Command): void {
  const show = config.command('show').description('print the settings in force for an orchestrator started here');
  show.option('--origin', 'with where each value came from').option('--agent', 'for an agent started here');
  withOutputOptions(show).action((options: ShowOptions) => {
    const output = createOutput(options);
    const { file, origins } = load([], options.agent ? 'agent' : 'orchestrator');
    const settings = Object.entries(origins).map(([path, state]) => ({ path, ...state }));
    const headers = ['SETTING', 'VALUE', ...(options.origin ? ['ORIGIN'] : [])];
    const rows = settings.map(({ path, value, origin }) => [path, valueText(value), origin].slice(0, headers.length));
    output.answer({ file: file ?? null, settings }, () => table(headers, rows));
    output.next('tutti config validate');
  });
}

function load(args: readonly string[], program: Program = 'orchestrator') {
  return loadConfig({ program, args, env: process.env, cwd: process.cwd() });
}

function valueText(value: unknown): string {
  if (value === null) return '-';
  return typeof value === 'string' ? value : JSON.stringify(value);
}
