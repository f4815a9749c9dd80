import {
  ClusterError,
  type Clock,
  type Context,
  type Generate,
  type RunMessage,
  type RunRecord,
  type RunRepository,
  type Ticket,
} from '@tutti/core';
import {
  execute,
  spentIn,
  type Json,
  type Pattern,
  type RunCaller,
  type RunEnd,
  type RunEntry,
} from '@tutti/core/patterns';
import type { Log } from '@tutti/runtime/log';
import { createFeed, type Feed } from './feed.ts';
import { createRunJournal } from './run-journal.ts';
import { createRunLease } from './run-lease.ts';
import { runStateOf } from './run-progress.ts';

/** Words of a step, as they come. */
export interface Words {
  /** "": the result itself. */
  readonly step: string;
  readonly voice: 'answer' | 'thinking';
  readonly text: string;
}

/** What a process says to the one that works on the run. */
export type RunWord =
  { readonly type: 'cancel' } | { readonly type: 'answer'; readonly step: string; readonly value: Json };

/** A run that this process works on. */
export interface LiveRun {
  readonly head: RunRecord;
  /** All that has happened. Closed when the run has ended, or this process has let go of it. */
  readonly entries: Feed<RunEntry>;
  readonly words: Feed<Words>;
  /** Resolves when the run has ended and that is told, or this process has let go of it. Never rejects. */
  readonly over: Promise<void>;
  cancel(): void;
  /** False: the step does not ask now. */
  answer(step: string, value: Json): boolean;
  /** Lets go of the run: another process may take it at once. */
  release(): void;
  readonly released: boolean;
}

/** What all runs of a process have. */
export interface RunTools {
  readonly owner: string;
  readonly generate: Generate;
  readonly isResident: (model: string) => boolean;
  readonly clock: Clock;
  readonly nextTicket: () => Ticket;
  readonly leaseMs: number;
  readonly log: Log;
  /** A run has come to its end in this process. */
  readonly onEnded?: (head: RunRecord, end: RunEnd) => void;
}

interface Options extends RunTools {
  readonly head: RunRecord;
  readonly repository: RunRepository;
  /** What is stored, the event `started` first. */
  readonly entries: readonly RunEntry[];
  readonly term: number;
  readonly pattern: Pattern;
  /** Told before readers of its feeds learn that nothing comes any more. */
  readonly onOver: () => void;
}

/** Works on a run, from wherever its journal ends. */
export function createLiveRun(options: Options): LiveRun {
  const {
    head,
    repository,
    entries: before,
    term,
    pattern,
    owner,
    generate,
    isResident,
    clock,
    leaseMs,
    log,
  } = options;
  const { id } = head;
  const { caller, longestAwayMs } = beginning(before);
  const entries = createFeed(before);
  const words = createFeed(wordsIn(before));
  const stateOf = () => runStateOf(entries.items);
  let lost = false;
  let released = false;
  const onLost = (): void => {
    lost = true;
    log.warn('another process has taken the run', { run: id });
    execution.abandon();
  };
  const onKept = (more: readonly RunEntry[]): void => entries.push(...more);
  const last = before.length;
  const journal = createRunJournal({ id, repository, term, last, clock, longestAwayMs, onKept, onLost });

  const execution = execute({
    ...{ runId: id, pattern, entries: before, journal, generate, clock, isResident },
    turn: () => new Promise((resolve) => setImmediate(resolve)),
    contextOf: (step, signal): Context => ({
      ...caller,
      ...{ signal, requestId: `${id}.${step}`, ticket: options.nextTicket(), run: id },
    }),
    onText: (step, voice, text) => words.push({ step, voice, text }),
  });

  const hear = ({ document }: RunMessage): void => {
    const word = document as RunWord;
    if (word.type === 'cancel') execution.cancel();
    else execution.answer(word.step, word.value);
  };
  const onRenewed = async (): Promise<void> => {
    for (const message of await repository.messages(id)) hear(message);
  };
  const lease = createRunLease({
    ...{ head, repository, owner, clock, leaseMs, stateOf, onRenewed, onLost, longestAwayMs },
  });

  /** It cannot go on, here or elsewhere: an entry that no store takes, for example. */
  const breakOff = async (error: ClusterError): Promise<void> => {
    log.error('a run was broken off', { run: id, error });
    const { reason, message } = error;
    const spent = spentIn(entries.items);
    await journal.append([{ type: 'ended', state: 'FAILED', error: { reason, message }, spent }]);
  };

  const work = async (): Promise<void> => {
    try {
      const end = await execution.ended;
      options.onEnded?.(head, end);
    } catch (thrown) {
      const error = ClusterError.from(thrown);
      if (lost) return;
      if (released) return await lease.release();
      await breakOff(error);
    }
    if (await journal.stored()) await lease.end(stateOf());
    else log.error('the end of a run is not stored', { run: id });
  };

  const over = work()
    .catch((error: unknown) => void log.error('a run was not closed', { run: id, error }))
    .finally(() => {
      options.onOver();
      journal.close();
      entries.close();
      words.close();
    });

  return {
    get head() {
      return { ...lease.head, state: stateOf() };
    },
    ...{ entries, words, over },
    cancel: () => execution.cancel(),
    answer: (step, value) => execution.answer(step, value),
    release() {
      released = true;
      execution.abandon();
    },
    get released() {
      return released;
    },
  };
}

function beginning([first]: readonly RunEntry[]): { readonly caller: RunCaller; readonly longestAwayMs: number } {
  if (first?.event.type !== 'started' || !first.event.caller) {
    throw new ClusterError('internal', 'The journal has no beginning.');
  }
  return { caller: first.event.caller, longestAwayMs: first.event.budget.maxMs };
}

function wordsIn(entries: readonly RunEntry[]): Words[] {
  return entries.flatMap(({ event }) => {
    if (event.type !== 'said') return [];
    const { step, voice, text } = event;
    return [{ step, voice, text }];
  });
}
