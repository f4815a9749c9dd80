import { ClusterError, mayUseModel, pause, type Clock, type RunRecord, type RunRepository } from '@tutti/core';
import type { AvailableModel, RunCaller, RunEntry, RunEvent } from '@tutti/core/patterns';
import type { Enter } from '../door.ts';
import type { LiveRun } from './live-run.ts';
import type { RunArchive } from './run-archive.ts';
import { requestHashOf, runIdOf } from './run-id.ts';
import { planRun, queryOf, type Patterns, type Wanted } from './run-plan.ts';

export interface NewRun extends Wanted {
  /** 8 to 64 letters, digits and "-"; undefined: one is made. */
  readonly id?: string | undefined;
  /** Stands for the id, where there is none: a request that comes twice starts one run. */
  readonly idempotencyKey?: string | undefined;
  /** Whether it survives its process, for which a store is needed. Default: true. */
  readonly durable?: boolean;
  /** Whether it is part of a request that was let in before: one place is enough for both. */
  readonly isInside?: boolean;
  readonly caller: RunCaller;
}

/** A run that this process is to work on. */
export interface Work {
  readonly head: RunRecord;
  readonly repository: RunRepository;
  readonly entries: readonly RunEntry[];
  readonly term: number;
  readonly leave: () => void;
}

interface Options {
  readonly here: ReadonlyMap<string, LiveRun>;
  readonly archive: RunArchive;
  readonly patterns: Patterns;
  readonly models: () => readonly AvailableModel[];
  readonly enter: Enter;
  readonly reenter: (cancel: () => void) => () => void;
  readonly isFull: () => boolean;
  readonly owner: string;
  readonly clock: Clock;
  readonly work: (work: Work) => void;
}

/** Most runs that a process works on. */
const mostRuns = 1_000;
const longestTitle = 300;
const busyRetryMs = 5_000;

/** Between the creation of a run and its first entry lies a moment. */
const beginningMs = 1_000;
const pollMs = 50;

/** A run, and whether it was started just now. */
export interface StartedRun {
  readonly head: RunRecord;
  readonly isNew: boolean;
}

interface Known {
  readonly head: RunRecord;
  readonly first: RunEvent | undefined;
}

/** Starts runs, each once. */
export function createStart(options: Options): (run: NewRun) => Promise<StartedRun> {
  const { here, archive, patterns, models, enter, reenter, isFull, owner, clock, work } = options;

  const findKnown = async (id: string, repository: RunRepository): Promise<RunRecord | undefined> =>
    here.get(id)?.head ?? (await repository.find(id));

  const firstEntry = async (id: string, repository: RunRepository): Promise<RunEntry | undefined> => {
    const never = new AbortController().signal;
    for (const until = clock.now() + beginningMs; ; await pause(clock, pollMs, never)) {
      const first = here.get(id)?.entries.items[0] ?? ((await repository.read(id, 0, 1))[0] as RunEntry | undefined);
      if (first || clock.now() >= until) return first;
    }
  };

  /** What the key has under that id. Without a first entry it was made, and then something failed. */
  const findOwn = async (id: string, key: string, repository: RunRepository): Promise<Known | undefined> => {
    const head = await findKnown(id, repository);
    if (!head) return undefined;
    if (head.key !== key) throw unknownRun(id);
    return { head, first: (await firstEntry(id, repository))?.event };
  };

  const start = async (run: NewRun): Promise<StartedRun> => {
    const { pattern, body, budget, wishes, durable = true, isInside = false, caller } = run;
    const { principal } = caller;
    const id = runIdOf(run, principal.id);
    const request = requestHashOf({ pattern, body, budget: budget as undefined, ...(wishes && { wishes }) });
    const repository = archive.repositoryOf(durable);
    const known = await findOwn(id, principal.id, repository);
    if (known?.first?.type === 'ended') {
      if (run.id !== undefined) throw tooLate(id);
      // The idempotency key is not used up: it stands for the next id from now on.
      return start({ ...run, idempotencyKey: id });
    }
    if (known?.first) return again(known.head, known.first, request);
    if (isFull() || here.size >= mostRuns) throw overloaded();
    const mayUse = models().filter(({ name }) => mayUseModel(principal, name));
    const event: RunEvent = {
      ...{ type: 'started', ...planRun(run, patterns, mayUse), caller, request },
      ...(wishes && { wishes }),
    };
    const title = titleOf(queryOf(body));
    if (known && (known.head.title !== title || known.head.pattern !== event.pattern)) throw anotherRequest(id);
    const release = (): void => here.get(id)?.release();
    const leave = isInside ? reenter(release) : enter(release, principal);
    const createdAt = clock.wallTime();
    const facts = { id, pattern: event.pattern, key: principal.id, title, createdAt, owner };
    const head: RunRecord = known?.head ?? { ...facts, state: 'RUNNING', revision: 1 };
    const entry: RunEntry = { seq: 1, term: 1, time: createdAt, event };
    let isNew = false;
    try {
      isNew = (known !== undefined || (await repository.create(head))) && (await repository.append(id, [entry]));
      if (isNew) work({ head, repository, entries: [entry], term: 1, leave });
    } catch (thrown) {
      leave();
      throw thrown;
    }
    if (isNew) return { head, isNew };
    leave();
    // Another process was faster to make it, or to write its first entry.
    return start({ ...run, id });
  };
  return start;
}

/** The run that is there already, if the same is asked again. */
function again(head: RunRecord, first: RunEvent, request: string): StartedRun {
  if (first.type === 'started' && first.request === request) return { head, isNew: false };
  throw anotherRequest(head.id);
}

/** The query's beginning, copied: a slice would keep all of the query in memory. */
export function titleOf(query: string): string {
  return Buffer.from(query.slice(0, longestTitle), 'utf16le').toString('utf16le');
}

/** Of somebody else's run not even its existence is told. */
export function unknownRun(id: string): ClusterError {
  return new ClusterError('not_found', `There is no run "${id.slice(0, 64)}" of this key.`, { param: 'id' });
}

function anotherRequest(id: string): ClusterError {
  const message = `The run "${id}" was started with another request. Send the same one, or another id.`;
  return new ClusterError('failed_precondition', message, { param: 'id' });
}

function tooLate(id: string): ClusterError {
  const message = `The run "${id}" was given up before it began: the store is slow. Try again with another id, or Idempotency-Key.`;
  return new ClusterError('storage_unavailable', message);
}

function overloaded(): ClusterError {
  const message = 'Too many calls wait, or too many runs go on, for another run to start. Try again later.';
  return new ClusterError('overloaded', message, { retryAfterMs: busyRetryMs });
}
