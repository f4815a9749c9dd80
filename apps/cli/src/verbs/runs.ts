import { InvalidArgumentError, type Command } from 'commander';
import type { Run, RunSummary } from '../connection/api.ts';
import { startsWithExamples } from '../examples.ts';
import { onCluster, type Session } from '../on-cluster.ts';
import { wholeNumber } from '../options.ts';
import { createRunBoard } from '../output/run-board.ts';
import { runEventLines } from '../output/run-event-lines.ts';
import { runSheet, runTable } from '../output/run-sheet.ts';
import { declareReplay } from '../runs/declare-replay.ts';
import { followRun } from '../runs/follow-run.ts';
import { readFixture } from '../runs/read-fixture.ts';
import { resultText } from '../runs/result-text.ts';
import { cancelRun } from '../runs/run-pattern.ts';
import { runPath } from '../runs/run-path.ts';

interface ListOptions {
  readonly pattern?: string;
  readonly state?: string;
  readonly lines: number;
}

interface RunPage {
  readonly executions: readonly RunSummary[];
  readonly nextPageToken: string;
}

const states = ['RUNNING', 'WAITING', 'COMPLETED', 'CANCELLED', 'FAILED'];

const clearScreen = '\u001B[H\u001B[J';

export function declareRuns(command: Command): void {
  startsWithExamples(
    command,
    'tutti runs ls --state RUNNING',
    'tutti runs watch 0b4f…',
    'tutti runs cancel 0b4f…',
    'tutti runs export 0b4f… > run.json',
    'tutti runs replay run.json',
  );
  declareLs(command.command('ls').alias('list'));
  declareShow(command.command('show'));
  declareWatch(command.command('watch'));
  declareCancel(command.command('cancel'));
  declareExport(command.command('export'));
  declareReplay(command.command('replay'));
}

function declareLs(ls: Command): void {
  startsWithExamples(ls, 'tutti runs ls', 'tutti runs ls --pattern debate --state FAILED');
  ls.description('list your runs, newest first')
    .option('--pattern <pattern>', 'of this pattern')
    .option('--state <state>', `in this state: ${states.join(', ')}`, readState)
    .option('-n, --lines <count>', 'at most so many', wholeNumber, 50);
  onCluster<ListOptions>(ls, async ({ client, output, options }) => {
    const { pattern, state, lines } = options;
    const query = { pattern, state: state && `EXECUTION_STATE_${state}`, pageSize: lines };
    const page = await client.json<RunPage>('GET', '/api/patterns/executions', { query });
    output.answer(page, () => runTable(page.executions, Date.now()));
    const [first] = page.executions;
    output.next(first ? `tutti runs show ${first.id}` : 'tutti run --pattern debate "…"');
  });
}

function declareShow(show: Command): void {
  startsWithExamples(show, 'tutti runs show 0b4f…');
  onRun(show, 'show a run: its steps, what it took, its answer', async ({ client, output }, id) => {
    const run = await client.json<Run>('GET', runPath(id));
    output.answer(run, () => runSheet(run, Date.now()));
    output.next(`tutti runs ${run.state === 'RUNNING' ? 'watch' : 'replay'} ${id}`);
  });
}

function declareWatch(watch: Command): void {
  startsWithExamples(watch, 'tutti runs watch 0b4f…', 'tutti runs watch 0b4f… --json');
  onRun(watch, 'show everything that has happened in a run, and what happens until it ends', async (session, id) => {
    const { client, output } = session;
    const isDrawn = process.stdout.isTTY && !output.json;
    const board = createRunBoard(id);
    for await (const event of followRun(client, id)) {
      if (isDrawn) {
        board.add(event);
        output.piece(`${clearScreen}${board.text()}\n`);
      } else {
        output.answer(event, () => runEventLines(event).join('\n'));
      }
      const text = resultText(event.result);
      if (text !== undefined) output.piece(`\n${text}\n`);
    }
  });
}

function declareCancel(cancel: Command): void {
  startsWithExamples(cancel, 'tutti runs cancel 0b4f…');
  onRun(cancel, 'end a run, and keep what there is', async ({ client, output }, id) => {
    const run = await cancelRun(client, id);
    output.answer(run, () => '');
    if (!output.json) output.note(`Run ${id}: ${run.state}.`);
    output.next(`tutti runs show ${id}`);
  });
}

function declareExport(command: Command): void {
  startsWithExamples(command, 'tutti runs export 0b4f… > run.json');
  onRun(command, 'print the journal of a run, to replay it elsewhere', async ({ client, output }, id) => {
    const fixture = await readFixture(client, id);
    output.answer(fixture, () => JSON.stringify(fixture, null, 2));
  });
}

function onRun(command: Command, summary: string, act: (session: Session<unknown>, id: string) => Promise<void>): void {
  command.description(summary).argument('<run>', 'its id');
  onCluster(command, async (session, id = '') => act(session, id));
}

function readState(text: string): string {
  const state = text.toUpperCase();
  if (states.includes(state)) return state;
  throw new InvalidArgumentError(`Use one of ${states.join(', ')}.`);
}
