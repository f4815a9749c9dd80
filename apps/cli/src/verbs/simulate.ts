import { readFile, writeFile } from 'node:fs/promises';
import { Option, type Command } from 'commander';
import { ClusterError, policyNames } from '@tutti/core';
import type { PolicyName } from '@tutti/core/cluster';
import type { Trace } from '../connection/api.ts';
import type { Client } from '../connection/client.ts';
import { connect, type ConnectionOptions } from '../connection/connect.ts';
import { durationMs } from '../duration.ts';
import { startsWithExamples } from '../examples.ts';
import { withConnectionOptions, withOutputOptions } from '../on-cluster.ts';
import { span } from '../output/format.ts';
import { createOutput, type OutputOptions } from '../output/output.ts';
import { replayTable, summaryOf, type ReplaySummary } from '../output/replay-table.ts';

interface Options extends ConnectionOptions, OutputOptions {
  readonly policy: readonly PolicyName[];
  readonly window: number;
  readonly file?: string;
  readonly save?: string;
}

const usualPolicies: readonly PolicyName[] = ['cost', 'least-busy', 'round-robin'];

export function declareSimulate(command: Command): void {
  startsWithExamples(
    command,
    'tutti simulate',
    'tutti simulate --policy cost tier --window 20m',
    'tutti simulate --save hour.json',
    'tutti simulate --file hour.json --policy cost',
  );
  command
    .addOption(new Option('--policy <names...>', 'policies to compare').choices(policyNames).default(usualPolicies))
    .option('--window <time>', 'so long back from now, at most an hour', durationMs, 60 * 60_000)
    .option('--file <file>', 'replay what was saved before; no orchestrator is asked')
    .option('--save <file>', 'keep what is replayed');
  withConnectionOptions(withOutputOptions(command)).action(async (options: Options) => {
    const { file, save, policy, window } = options;
    const output = createOutput(options);
    const trace = file === undefined ? await fetchTrace(await connect(options, process.env), window) : await read(file);
    if (save !== undefined) await writeFile(save, `${JSON.stringify(trace)}\n`);
    if (trace.calls.length === 0 || trace.nodes.length === 0) throw nothingToReplay(trace);
    // Only here: it is much code for whoever wants another verb.
    const { replay } = await import('../simulate/replay.ts');
    const { calls, nodes, windowMs } = trace;
    output.note(`Replaying ${calls.length} calls of ${span(windowMs)} on ${nodes.length} nodes as they were measured.`);
    const summaries: ReplaySummary[] = [];
    for (const name of policy) summaries.push(summaryOf(await replay(trace, name)));
    output.answer({ windowMs, calls: calls.length, policies: summaries }, () => replayTable(summaries));
  });
}

function fetchTrace(client: Client, windowMs: number): Promise<Trace> {
  return client.json<Trace>('GET', '/api/performance/trace', { query: { windowMs } });
}

async function read(file: string): Promise<Trace> {
  const text = await readFile(file, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    throw new ClusterError('invalid_request', `--file ${file} cannot be read (${cause.code}).`, { cause });
  });
  const trace = parse(text);
  if (Array.isArray(trace?.calls) && Array.isArray(trace.nodes) && typeof trace.windowMs === 'number')
    return trace as Trace;
  throw new ClusterError('invalid_request', `--file ${file} is no trace. "tutti simulate --save FILE" writes one.`);
}

function parse(text: string): Partial<Trace> | undefined {
  try {
    return JSON.parse(text) as Partial<Trace>;
  } catch {
    return undefined;
  }
}

function nothingToReplay({ calls, nodes, windowMs }: Trace): ClusterError {
  const found = `${calls.length} calls of the last ${span(windowMs)}, ${nodes.length} nodes`;
  return new ClusterError('not_found', `There is nothing to replay: ${found}. Let some calls run, or name a --file.`);
}
