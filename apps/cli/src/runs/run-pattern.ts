import { randomUUID } from 'node:crypto';
import { ClusterError, isReason } from '@tutti/core';
import type { Run, RunEvent, StartedRun } from '../connection/api.ts';
import type { Client } from '../connection/client.ts';
import { exitCodes } from '../exit-code.ts';
import type { Session } from '../on-cluster.ts';
import type { Output } from '../output/output.ts';
import { runEventLines } from '../output/run-event-lines.ts';
import { tallyText } from '../output/tally-text.ts';
import { followRun } from './follow-run.ts';
import { resultText } from './result-text.ts';
import { runPath } from './run-path.ts';

/** Patterns that a question can be put to. */
export const askedPatterns = ['ensemble', 'debate', 'maestro'] as const;

export interface PatternOptions {
  readonly pattern?: (typeof askedPatterns)[number];
  readonly models?: readonly string[];
  readonly rounds?: number;
  readonly size?: number;
  readonly strategy?: string;
  readonly maxTokens?: number;
  readonly maxCalls?: number;
  readonly id?: string;
  readonly async?: boolean;
  readonly durable?: boolean;
}

/** Puts a question to a pattern, and shows what happens until its answer is there. Ctrl-C ends the run. */
export async function runPattern(session: Session<PatternOptions>, query: string): Promise<void> {
  const { client, output, options, onInterrupt } = session;
  const { pattern = 'ensemble', id = randomUUID(), durable = true } = options;
  if (!durable && options.async) throw notBoth();
  const body = { ...bodyOf(pattern, options), query, id, ...(!durable && { durable }) };
  const starting = client.json<StartedRun>('POST', `/api/patterns/${pattern}`, {
    body,
    headers: { prefer: 'respond-async' },
  });
  if (options.async) {
    const started = await starting;
    output.answer(started, () => started.id);
    output.next(`tutti runs watch ${started.id}`);
    return;
  }
  // What is wrong with the run is told where its events are read.
  onInterrupt(() => void starting.then(() => cancelRun(client, id)).catch(() => {}));
  await starting;
  output.note(`Run ${id}`);
  const end = await showRun(output, withDowngrade(output, pattern, followRun(client, id)));
  const { state, usage, error } = end;
  if (state === 'CANCELLED') {
    output.note(`The run was cancelled; what there was is kept: tutti runs show ${id}`);
    process.exitCode = exitCodes.interrupted;
  }
  if (error) throw new ClusterError(isReason(error.code) ? error.code : 'internal', `${error.message} (Run ${id})`);
  // As the route shows it: what a debate has besides is no event of it.
  const { result = {} } = await client.json<Run>('GET', runPath(id));
  const tally = tallyText(result);
  if (tally !== '') output.note(`Debates ${tally}`);
  output.answer({ id, pattern, state, ...result, usage }, () => '');
  output.next(`tutti runs show ${id}`);
}

/** Says why another pattern answers than the one that was asked for. */
async function* withDowngrade(output: Output, asked: string, events: AsyncIterable<RunEvent>) {
  for await (const event of events) {
    yield event;
    if (event.type === 'started' && event.pattern !== asked) {
      output.note(`The budget is too small for ${asked}; this is the next cheaper way.`);
    }
  }
}

/** Ends a run; it as it is then. */
export function cancelRun(client: Client, id: string): Promise<Run> {
  return client.json<Run>('POST', runPath(id, 'cancel'));
}

/** Tells what happens beside the answer, and the answer as it comes; returns the end. */
export async function showRun(output: Output, events: AsyncIterable<RunEvent>): Promise<RunEvent> {
  let said = '';
  for await (const event of events) {
    if (event.type === 'said' && event.voice === 'answer') {
      said += event.text ?? '';
      output.piece(event.text ?? '');
      continue;
    }
    if (event.type !== 'ended') {
      // A line in the middle of the answer would tear it.
      if (said === '') for (const line of runEventLines(event)) output.note(line);
      continue;
    }
    const text = resultText(event.result) ?? '';
    // Words of a step that failed are not the answer, nor is it said twice.
    if (!said.includes(text.trim())) output.piece(said === '' ? text : `\n\n${text}`);
    if (said !== '' || text !== '') output.piece('\n');
    for (const line of [...degradedIn(event), ...runEventLines(event)]) output.note(line);
    return event;
  }
  throw new ClusterError('bad_upstream', 'The events of the run stop before its end.');
}

function degradedIn({ result }: RunEvent): readonly string[] {
  const reasons = (result?.degraded as readonly string[] | undefined) ?? [];
  return reasons.map((reason) => `degraded: ${reason}`);
}

/** The options as the pattern takes them; refuses those that it has not. */
function bodyOf(pattern: (typeof askedPatterns)[number], options: PatternOptions): object {
  const { models, rounds, size, strategy, maxTokens, maxCalls } = options;
  const own = {
    ensemble: { models, ensembleSize: size, strategy },
    debate: { models, memberCount: size, debateRounds: rounds },
    maestro: { preferredModel: models?.[0] },
  }[pattern];
  const given = Object.entries({ rounds, size, strategy }).filter(([, value]) => value !== undefined);
  const taken: readonly string[] = { ensemble: ['size', 'strategy'], debate: ['rounds', 'size'], maestro: [] }[pattern];
  const wrong = given.find(([name]) => !taken.includes(name));
  if (wrong) throw new ClusterError('invalid_request', `--${wrong[0]} is nothing that ${pattern} knows.`);
  if (pattern === 'maestro' && (models?.length ?? 0) > 1) {
    throw new ClusterError('invalid_request', '--models of maestro is one model: the one that plans.');
  }
  return { ...own, budget: { maxTokens, maxCalls } };
}

function notBoth(): ClusterError {
  return new ClusterError(
    'invalid_request',
    '--no-durable and --async exclude each other: nobody could come back to it.',
  );
}
