import { ClusterError, type Clock, type RunFilter, type RunRecord, type RunRepository } from '@tutti/core';
import type { AvailableModel, Json, RunEnd, RunEntry } from '@tutti/core/patterns';
import type { Enter } from '../door.ts';
import { createLiveRun, type LiveRun, type RunTools, type RunWord, type Words } from './live-run.ts';
import { createRunArchive, type RunPage } from './run-archive.ts';
import { createRunReader } from './run-follow.ts';
import type { Patterns } from './run-plan.ts';
import { waitingSteps } from './run-progress.ts';
import { createStart, unknownRun, type NewRun, type Work } from './run-starts.ts';
import { createTakeOver } from './take-over.ts';
import { watchForTakeovers } from './takeovers.ts';

/** A run that was started, or that was there already. */
export interface Run {
  readonly id: string;
  readonly head: RunRecord;
  /** Whether this is what started it. */
  readonly isNew: boolean;
  /** Its end, whichever process comes to it. Rejects when the signal aborts, or this process stops before. */
  ended(signal: AbortSignal): Promise<RunEnd>;
  /** As `RunReader.words`. Fails as the run does. */
  words(signal: AbortSignal): AsyncGenerator<Words, void>;
}

/** Executions of patterns. `key` is the id of the caller's key: nobody sees the runs of others. */
export interface Runs {
  /**
   * Throws `failed_precondition` if the id stands for another request, `not_found` if it is another key's,
   * `invalid_request` with the estimate if the budget has too little for any way to answer, `overloaded`, and
   * `storage_unavailable` for a durable run without a store.
   */
  start(run: NewRun): Promise<Run>;
  find(id: string, key: string): Promise<RunRecord>;
  /** All that has happened so far. */
  read(id: string, key: string): Promise<readonly RunEntry[]>;
  list(filter: RunFilter, page: { readonly limit: number; readonly token?: string }): Promise<RunPage>;
  /** What happened after an entry, then what happens; ends with the run. */
  follow(id: string, key: string, after: number, signal: AbortSignal): AsyncGenerator<RunEntry, void>;
  /** Ends it with what there is; one that has ended stays as it is. Returns before the end. */
  cancel(id: string, key: string): Promise<void>;
  /** Throws `failed_precondition` if the step does not ask, or has been answered. */
  answer(id: string, key: string, step: string, value: Json): Promise<void>;
  /** Takes no more runs of others. Those that go on here are released through the door. */
  close(): Promise<void>;
}

interface Options extends Omit<RunTools, 'leaseMs' | 'owner'> {
  readonly repository: RunRepository;
  readonly patterns: Patterns;
  readonly models: () => readonly AvailableModel[];
  readonly orchestratorId: string;
  /** Lets a new run in. */
  readonly enter: Enter;
  /** Lets in a run that was let in before: by a process that has died, or with the request that it answers. */
  readonly reenter: (cancel: () => void) => () => void;
  /** Whether so many calls wait that no run is to be started. */
  readonly isFull: () => boolean;
  readonly leaseMs?: number;
}

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;

export function createRuns(options: Options): Runs {
  const { repository, orchestratorId: owner, clock, log, leaseMs = 15_000, patterns } = options;
  const archive = createRunArchive(repository);
  const here = new Map<string, LiveRun>();
  const reader = createRunReader({ here, archive, clock });

  const work = ({ leave, ...facts }: Work): void => {
    const { event } = facts.entries[0]!;
    const pattern = patterns[event.type === 'started' ? event.pattern : '']!;
    const { id } = facts.head;
    const onOver = (): void => {
      here.delete(id);
      leave();
    };
    here.set(id, createLiveRun({ ...options, ...facts, owner, leaseMs, pattern, onOver }));
  };

  const start = createStart({ ...options, here, archive, owner, work });
  const takeOver = createTakeOver({ ...options, here, archive, owner, work });
  const isHere = (id: string): boolean => here.has(id);
  const takeovers = watchForTakeovers({ repository, clock, leaseMs, isHere, takeOver, log });
  const stopSweep = every(clock, hourMs, async () => {
    try {
      await archive.removeOld(clock.wallTime());
    } catch (thrown) {
      log.warn('old runs are not removed', { error: ClusterError.from(thrown).message });
    }
  });
  const stopUndurableSweep = every(clock, minuteMs, () => archive.removeOldUndurable(clock.wallTime()));

  const own = async (id: string, key: string) => {
    const live = here.get(id);
    const found = live ? { head: live.head, repository: undefined } : await archive.find(id);
    if (found?.head.key !== key) throw unknownRun(id);
    return { live, ...found };
  };

  const entriesOf = async (id: string, key: string): Promise<readonly RunEntry[]> => {
    const found = await own(id, key);
    return found.live?.entries.items ?? archive.readAll(found.repository!, id);
  };

  /** Says something to the process that works on the run; false: it was said before. */
  const post = async (id: string, key: string, word: RunWord): Promise<boolean> => {
    const found = await archive.find(id);
    const message = { key, time: clock.wallTime(), document: word };
    return (await found?.repository.post(id, message)) ?? false;
  };

  return {
    async start(run) {
      const { head, isNew } = await start(run);
      const { id } = head;
      return {
        ...{ id, head, isNew },
        ended: (signal) => reader.ended(id, signal),
        words: (signal) => reader.words(id, signal),
      };
    },
    find: async (id, key) => (await own(id, key)).head,
    read: entriesOf,
    list: (filter, page) => archive.list(filter, page),
    async *follow(id, key, after, signal) {
      await own(id, key);
      yield* reader.follow(id, after, signal);
    },
    async cancel(id, key) {
      const { live, head } = await own(id, key);
      if (live) live.cancel();
      else if (head.endedAt === undefined) await post(id, 'cancel', { type: 'cancel' });
    },
    async answer(id, key, step, value) {
      const asked = waitingSteps(await entriesOf(id, key));
      if (!asked.has(step)) throw notAsked(step, asked);
      if (here.get(id)?.answer(step, value)) return;
      // It is elsewhere, or was taken over a moment ago.
      if (!(await post(id, `answer.${step}`, { type: 'answer', step, value }))) throw notAsked(step, asked);
    },
    async close() {
      stopSweep();
      stopUndurableSweep();
      await takeovers.close();
    },
  };
}

function every(clock: Clock, periodMs: number, task: () => Promise<void>): () => void {
  let stop = (): void => {};
  const again = (): void => {
    stop = clock.after(periodMs, () => {
      void task();
      again();
    });
  };
  again();
  return () => stop();
}

function notAsked(step: string, asked: ReadonlySet<string>): ClusterError {
  const others = asked.size > 0 ? [...asked].join(', ') : 'none';
  const message = `The step "${step.slice(0, 100)}" asks nobody, or has its answer. Steps that ask: ${others}.`;
  return new ClusterError('failed_precondition', message, { param: 'step' });
}
