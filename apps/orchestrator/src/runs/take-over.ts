import { ClusterError, type Clock, type RunRecord, type RunRepository } from '@tutti/core';
import type { RunEntry } from '@tutti/core/patterns';
import type { Log } from '@tutti/runtime/log';
import type { LiveRun } from './live-run.ts';
import type { RunArchive } from './run-archive.ts';
import type { Patterns } from './run-plan.ts';
import { runStateOf } from './run-progress.ts';
import type { Work } from './run-starts.ts';

interface Options {
  readonly repository: RunRepository;
  readonly archive: Pick<RunArchive, 'readAll'>;
  readonly here: ReadonlyMap<string, LiveRun>;
  readonly patterns: Patterns;
  readonly reenter: (cancel: () => void) => () => void;
  readonly owner: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly work: (work: Work) => void;
}

/** Goes on with the run of a process that has died. The claim is an entry of the journal: one process can write it. */
export function createTakeOver(options: Options): (head: RunRecord) => Promise<void> {
  const { repository, archive, here, patterns, reenter, owner, clock, log, work } = options;

  /** Its process died between the last entry and the head, or before the first entry. */
  const close = async (head: RunRecord, entries: readonly RunEntry[]): Promise<void> => {
    const state = runStateOf(entries);
    await repository.renew(head.id, head.revision, { state, owner, endedAt: entries.at(-1)!.time });
  };

  return async (head) => {
    const { id } = head;
    const entries = await archive.readAll(repository, id);
    const time = clock.wallTime();
    const [first] = entries;
    if (!first) {
      const entry: RunEntry = { seq: 1, term: 1, time, event: neverBegun };
      if (await repository.append(id, [entry])) await close(head, [entry]);
      return;
    }
    if (entries.at(-1)!.event.type === 'ended') return close(head, entries);
    const name = first.event.type === 'started' ? first.event.pattern : '';
    if (!Object.hasOwn(patterns, name)) throw unknownPattern(name);
    const term = Math.max(...entries.map((entry) => entry.term)) + 1;
    const claim: RunEntry = { seq: entries.length + 1, term, time, event: { type: 'claimed', owner } };
    const leave = reenter(() => here.get(id)?.release());
    try {
      // False: its process lives, or another was faster.
      if (!(await repository.append(id, [claim]))) return leave();
      log.info('a run is taken over', { run: id, term, entries: entries.length });
      work({ head, repository, entries: [...entries, claim], term, leave });
    } catch (thrown) {
      leave();
      throw thrown;
    }
  };
}

const neverBegun = {
  type: 'ended',
  state: 'FAILED',
  error: { reason: 'internal', message: 'Its process died before the run began. Ask again, with another id.' },
  spent: { calls: 0, promptTokens: 0, outputTokens: 0, swaps: 0 },
} as const;

function unknownPattern(name: string): ClusterError {
  return new ClusterError('not_implemented', `This version has no pattern "${name}"; another process may have it.`);
}
