import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { setImmediate } from 'node:timers/promises';
import type { Command } from 'commander';
import { ClusterError } from '@tutti/core';
import { replayRun, type RunFixture } from '@tutti/core/patterns';
import { connect, type ConnectionOptions } from '../connection/connect.ts';
import { startsWithExamples } from '../examples.ts';
import { exitCodes } from '../exit-code.ts';
import { withConnectionOptions, withOutputOptions } from '../on-cluster.ts';
import { createOutput, type OutputOptions } from '../output/output.ts';
import { readFixture } from './read-fixture.ts';
import { replayedPattern } from './replayed-pattern.ts';

export function declareReplay(replay: Command): void {
  startsWithExamples(replay, 'tutti runs replay 0b4f…', 'tutti runs replay run.json');
  replay
    .description('run a pattern again with the answers of a run that has ended, and compare; no model is asked')
    .argument('<run>', 'its id, or the file that "tutti runs export" wrote');
  withConnectionOptions(withOutputOptions(replay)).action(
    async (run: string, options: ConnectionOptions & OutputOptions) => {
      const output = createOutput(options);
      const fixture = checked(
        existsSync(run) ? await read(run) : await readFixture(await connect(options, process.env), run),
      );
      const { id, pattern: name, entries } = fixture;
      const pattern = replayedPattern(fixture);
      const { end, differences } = await replayRun(fixture, pattern, () => setImmediate());
      const events = entries.length;
      output.answer({ id, pattern: name, events, state: end.state, differences }, () =>
        differences.length === 0
          ? `Run ${id}, ${name}: the same ${events} events came, and it ended ${end.state}.`
          : [`Run ${id}, ${name}: it went another way.`, ...differences.map((line) => `  ${line}`)].join('\n'),
      );
      if (differences.length > 0) process.exitCode = exitCodes.failure;
    },
  );
}

async function read(file: string): Promise<unknown> {
  const text = await readFile(file, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    throw new ClusterError('invalid_request', `${file} cannot be read (${cause.code}).`, { cause });
  });
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw notOne({ cause });
  }
}

/** A journal as it was exported. What stands in its events is checked by the replay itself. */
function checked(found: unknown): RunFixture {
  const { id, pattern, entries } = (found ?? {}) as Partial<RunFixture>;
  const isRun = typeof id === 'string' && typeof pattern === 'string' && Array.isArray(entries);
  if (!isRun || entries[0]?.event?.type !== 'started') throw notOne();
  return { id, pattern, entries };
}

function notOne(options: { cause?: unknown } = {}): ClusterError {
  return new ClusterError(
    'invalid_request',
    'This is no journal of a run. "tutti runs export ID" writes one.',
    options,
  );
}
