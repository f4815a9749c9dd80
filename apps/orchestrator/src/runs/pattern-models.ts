import {
  ClusterError,
  delta,
  done,
  linkedController,
  modelNotFound,
  onAbort,
  Privacy,
  requireModel,
  textDelta,
  type Call,
  type Chunk,
  type Context,
  type Generate,
} from '@tutti/core';
import type { RunCaller, RunEnd, RunEntry } from '@tutti/core/patterns';
import { createFeed } from './feed.ts';
import { isPatternModel, patternOfModel } from '../models/pattern-names.ts';
import { runRequestOf } from './run-request.ts';
import type { NewRun } from './run-starts.ts';
import type { Run, Runs } from './runs.ts';
import { createVoices } from './voices.ts';

interface Options {
  readonly runs: Pick<Runs, 'start' | 'follow' | 'cancel'>;
  readonly generate: Generate;
}

/** Lets patterns be asked as models: a call of `tutti/NAME` is a run, which ends when its client leaves. */
export function patternModels({ runs, generate }: Options): Generate {
  return (call, context) => (isPatternModel(call.model) ? answered(runs, call, context) : generate(call, context));
}

async function* answered(runs: Options['runs'], call: Call, context: Context): AsyncGenerator<Chunk> {
  const pattern = patternOfModel(call.model);
  if (!pattern) throw modelNotFound(call.model);
  requireModel(context.principal, call.model);
  const request = runRequestOf(call);
  if (!request) {
    yield done({ reason: call.keepAliveMs === 0 ? 'unload' : 'load' });
    return;
  }
  // The store may be on another machine.
  const durable = context.privacy !== Privacy.LOCAL;
  const run = await started(runs, { pattern, ...request, durable, caller: callerOf(context), isInside: true });
  const { controller, unlink } = linkedController(context.signal);
  const forget = onAbort(controller.signal, () => void runs.cancel(run.id, context.principal.id).catch(() => {}));
  try {
    const speech = speechOf(runs, run, { ...context, signal: controller.signal }, call.think !== 'false');
    yield* speech.chunks;
    const end = await speech.ended;
    forget();
    yield doneOf(run, end);
  } finally {
    unlink();
    controller.abort();
  }
}

/** A store that is away stops nobody: the run then lives in this process only. */
async function started(runs: Options['runs'], run: NewRun): Promise<Run> {
  try {
    return await runs.start(run);
  } catch (thrown) {
    if (ClusterError.from(thrown).reason !== 'storage_unavailable') throw thrown;
    return runs.start({ ...run, durable: false });
  }
}

/** The last entry of a run's journal, and why its answer ended. */
type Ended = Pick<RunEntry, 'time'> & { readonly event: RunEnd; readonly reason: string };

interface Speech {
  readonly chunks: AsyncIterable<Chunk>;
  /** Rejects if the run failed, or the signal aborts. */
  readonly ended: Promise<Ended>;
}

/** The answer as it comes, and before it the members' voices if somebody shows them. */
function speechOf(runs: Options['runs'], run: Run, { principal, signal }: Context, showsThinking: boolean): Speech {
  const chunks = createFeed<Chunk>();
  const voices = createVoices((thinking) => showsThinking && chunks.push(delta({ thinking })));
  const speakers = new Set<string>();
  let told = '';
  let kept = '';
  /** Why the answer ended; undefined: it was not told to its end. */
  let reason: string | undefined;
  let over = false;

  const tell = (text: string): void => {
    if (over || text === '') return;
    voices.close();
    told += text;
    chunks.push(textDelta(text));
  };

  /** Sooner than the journal, which has all of it. */
  const hearAnswer = async (): Promise<void> => {
    for await (const { step, voice, text } of run.words(signal)) if (step !== '' && voice === 'answer') tell(text);
  };

  const follow = async (): Promise<Ended> => {
    for await (const { event, time } of runs.follow(run.id, principal.id, 0, signal)) {
      voices.hear(event);
      if (event.type === 'said' && event.voice === 'answer') {
        speakers.add(event.step);
        kept += event.text;
      }
      if (event.type === 'answered' && speakers.has(event.step)) ({ reason } = event.answer);
      if (event.type !== 'ended') continue;
      const { result } = event;
      if (!result) throw failure(event);
      voices.close();
      tell(kept.slice(told.length));
      // Nobody said it aloud, or whoever did broke off and it became another.
      if (reason === undefined) tell(told === '' ? result.text : `\n\n${result.text}`);
      return { event, time, reason: reason ?? 'stop' };
    }
    throw new ClusterError('internal', 'The journal of the run has no end.');
  };

  hearAnswer().catch(() => {});
  const ended = follow().finally(() => {
    over = true;
    chunks.close();
  });
  ended.catch(() => {});
  return { chunks: chunks.from(0, signal), ended };
}

function doneOf({ id, head }: Run, { event, time, reason }: Ended): Chunk {
  const { state, result, spent } = event;
  const { calls, promptTokens, outputTokens } = spent;
  const facts = { id, pattern: head.pattern, state, calls, degraded: result?.['degraded'] };
  return done({
    reason,
    usage: { promptTokens, outputTokens },
    timings: { totalMs: time - head.createdAt },
    extraJson: JSON.stringify({ tutti_run: facts }),
  });
}

function failure({ error }: RunEnd): ClusterError {
  if (error) return new ClusterError(error.reason, error.message);
  return new ClusterError('failed_precondition', 'The run was cancelled before there was an answer.');
}

function callerOf(context: Context): RunCaller {
  const { principal, priority, privacy, hops, pin, tier, resume, fallback } = context;
  return {
    ...{ principal, priority, privacy, hops },
    ...(pin !== undefined && { pin }),
    ...(tier !== undefined && { tier }),
    ...(resume !== undefined && { resume }),
    ...(fallback && { fallback }),
  };
}
