import { ClusterError, isReason } from '@tutti/core';
import { Argument, type Command } from 'commander';
import type { Conversation, RunEvent, StartedRun } from '../connection/api.ts';
import type { Client } from '../connection/client.ts';
import { startsWithExamples } from '../examples.ts';
import { exitCodes } from '../exit-code.ts';
import { onCluster, type Session } from '../on-cluster.ts';
import { list, wholeNumber } from '../options.ts';
import { conversationSheet, conversationTable } from '../output/conversation-sheet.ts';
import { followRun } from '../runs/follow-run.ts';
import { cancelRun, showRun } from '../runs/run-pattern.ts';
import { askPerson } from '../talk/ask-person.ts';
import { readPrompt } from '../talk/read-prompt.ts';

interface TurnOptions {
  readonly maxTokens?: number;
  readonly maxCalls?: number;
  readonly async?: boolean;
}

interface StartOptions extends TurnOptions {
  readonly model?: string;
  readonly tools?: readonly string[];
}

interface Page {
  readonly conversations: readonly Conversation[];
  readonly nextPageToken: string;
}

const path = '/api/agents/conversations';

/** A question is over: it has its answer, expired, or the turn does not need it. */
const overTypes: ReadonlySet<string> = new Set(['stepped', 'failed', 'dropped']);

export function declareConverse(command: Command): void {
  startsWithExamples(
    command,
    'tutti converse start --tools calculator "What is 12 % of 1,234?"',
    'tutti converse say 0b4f… "And of that the half?"',
    'tutti converse answer 0b4f… step.1.tool.1.allow yes',
  );
  declareStart(command.command('start'));
  declareSay(command.command('say'));
  declareAnswer(command.command('answer'));
  declareLs(command.command('ls').alias('list'));
  declareShow(command.command('show'));
  declareRm(command.command('rm'));
}

function declareStart(start: Command): void {
  startsWithExamples(start, 'tutti converse start "Plan a week in Rome."');
  start
    .description('begin a conversation, and show its first turn')
    .argument('[prompt...]', 'what is said; what comes on stdin is put below it')
    .option('--model <model>', 'the one that plays every part')
    .option('--tools <tools>', 'what specialists may use, by comma: calculator, current_time, fetch_url', list);
  withTurnOptions(start);
  onCluster<StartOptions>(start, async (session, ...words) => {
    const { client, options } = session;
    const { model: preferredModel, tools } = options;
    const body = { query: await readPrompt(words.join(' ')), preferredModel, tools, budget: budgetOf(options) };
    const { id, executionId } = await client.json<Conversation>('POST', path, { body });
    await showTurn(session, id, executionId);
  });
}

function declareSay(say: Command): void {
  startsWithExamples(say, 'tutti converse say 0b4f… "And how much is that in feet?"');
  say
    .description('say something, and show what comes of it')
    .argument('<conversation>', 'its id')
    .argument('[prompt...]', 'what is said; what comes on stdin is put below it');
  withTurnOptions(say);
  onCluster<TurnOptions>(say, async (session, id = '', ...words) => {
    const body = { content: await readPrompt(words.join(' ')), budget: budgetOf(session.options) };
    const started = await saidInTurn(session, id, body);
    await showTurn(session, id, started.id);
  });
}

function declareAnswer(command: Command): void {
  startsWithExamples(command, 'tutti converse answer 0b4f… step.1.tool.1.allow yes');
  command
    .description('answer what a turn asks')
    .argument('<conversation>', 'its id')
    .argument('<step>', 'the one that asks')
    .addArgument(new Argument('<word>', 'whether it may').choices(['yes', 'no']));
  onCluster(command, async ({ client, output }, id = '', step = '', word) => {
    const now = await answer(client, id, step, word === 'yes');
    output.answer(now, () => '');
    if (!output.json) output.note(`Answered ${word}; the turn goes on.`);
    output.next(`tutti converse show ${id}`);
  });
}

function declareLs(ls: Command): void {
  startsWithExamples(ls, 'tutti converse ls');
  ls.description('list your conversations, last changed first').option(
    ...(['-n, --lines <count>', 'at most so many', wholeNumber, 50] as const),
  );
  onCluster<{ readonly lines: number }>(ls, async ({ client, output, options }) => {
    const page = await client.json<Page>('GET', path, { query: { pageSize: options.lines } });
    output.answer(page, () => conversationTable(page.conversations, Date.now()));
    const [first] = page.conversations;
    output.next(first ? `tutti converse show ${first.id}` : 'tutti converse start "…"');
  });
}

function declareShow(show: Command): void {
  startsWithExamples(show, 'tutti converse show 0b4f…');
  show.description('show what was said, by whom, and what is asked').argument('<conversation>', 'its id');
  onCluster(show, async ({ client, output }, id = '') => {
    const found = await client.json<Conversation>('GET', pathOf(id));
    output.answer(found, () => conversationSheet(found, Date.now()));
    output.next(`tutti converse say ${id} "…"`);
  });
}

function declareRm(rm: Command): void {
  startsWithExamples(rm, 'tutti converse rm 0b4f…');
  rm.description('forget a conversation, and end its turn').argument('<conversation>', 'its id');
  onCluster(rm, async ({ client, output }, id = '') => {
    output.answer(await client.json('DELETE', pathOf(id)), () => '');
    if (!output.json) output.note(`Conversation ${id} is forgotten.`);
  });
}

function withTurnOptions(command: Command): void {
  command
    .option('--max-tokens <count>', 'most tokens over all calls of the turn', wholeNumber)
    .option('--max-calls <count>', 'most calls of models', wholeNumber)
    .option('--async', 'print the id of the conversation, and do not wait');
}

function budgetOf({ maxTokens, maxCalls }: TurnOptions): object {
  return { maxTokens, maxCalls };
}

/** Says something once the turn that goes on has ended. */
async function saidInTurn(session: Session<unknown>, id: string, body: object): Promise<StartedRun> {
  const { client, output } = session;
  for (;;) {
    try {
      const headers = { prefer: 'respond-async' };
      return await client.json<StartedRun>('POST', `${pathOf(id)}/messages`, { body, headers });
    } catch (thrown) {
      const error = ClusterError.from(thrown);
      if (error.reason !== 'failed_precondition' || error.retryAfterMs === undefined) throw error;
    }
    output.note('A turn goes on; this is said after it.');
    const { executionId } = await client.json<Conversation>('GET', pathOf(id));
    for await (const { type } of withQuestions(session, id, followRun(client, executionId)))
      if (type === 'ended') break;
  }
}

/** Shows a turn until its answer is there. Ctrl-C ends it. */
async function showTurn(session: Session<TurnOptions>, id: string, runId: string): Promise<void> {
  const { client, output, options, onInterrupt } = session;
  if (options.async) {
    output.answer({ id, executionId: runId }, () => id);
    return output.next(`tutti converse show ${id}`);
  }
  onInterrupt(() => void cancelRun(client, runId).catch(() => {}));
  output.note(`Conversation ${id}`);
  const { state, error } = await showRun(output, withQuestions(session, id, followRun(client, runId)));
  if (state === 'CANCELLED') process.exitCode = exitCodes.interrupted;
  if (error) throw new ClusterError(isReason(error.code) ? error.code : 'internal', `${error.message} (Run ${runId})`);
  output.answer(output.json ? await ended(client, id) : undefined, () => '');
  output.next(`tutti converse say ${id} "…"`);
}

/** Puts each question to the person at the terminal; where nobody sits, tells how it is answered. */
async function* withQuestions(session: Session<unknown>, id: string, events: AsyncIterable<RunEvent>) {
  const open = new Map<string, AbortController>();
  const put = async (step: string): Promise<void> => {
    const controller = new AbortController();
    open.set(step, controller);
    const { client, output } = session;
    const isForPerson = !output.json && process.stdin.isTTY && process.stderr.isTTY;
    if (!isForPerson) return output.note(`Answer with: tutti converse answer ${id} ${step} yes|no`);
    const allowed = await askPerson('Allow it?', controller.signal);
    if (allowed !== undefined) await answer(client, id, step, allowed);
  };
  const close = (step: string): void => {
    open.get(step)?.abort();
    open.delete(step);
  };
  for await (const event of events) {
    const { type, step = '' } = event;
    if (overTypes.has(type)) close(step);
    if (type === 'ended') for (const left of [...open.keys()]) close(left);
    yield event;
    if (type === 'waiting') put(step).catch((error: unknown) => session.output.note(ClusterError.from(error).message));
  }
}

function answer(client: Client, id: string, step: string, value: boolean): Promise<Conversation> {
  return client.json('POST', `${pathOf(id)}/human/${encodeURIComponent(step)}`, { body: { value } });
}

function ended(client: Client, id: string): Promise<Conversation> {
  return client.json('GET', pathOf(id));
}

function pathOf(id: string): string {
  return `${path}/${encodeURIComponent(id)}`;
}
