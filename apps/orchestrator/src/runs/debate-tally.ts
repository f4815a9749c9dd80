import { ClusterError, type Clock, type DocumentRepository, type RunRecord } from '@tutti/core';
import { taskOfText, type SamplingTask } from '@tutti/core/cluster';
import type { PatternResult, RunEnd } from '@tutti/core/patterns';
import type { Log } from '@tutti/runtime/log';
import { z } from 'zod';

const count = z.number().nonnegative();

const stored = z.object({
  debates: count,
  disputed: count,
  changed: count,
  flipsClaimed: count,
  flipsAccepted: count,
});

/** What came of the debates about one kind of task. */
export interface DebateCounts extends z.infer<typeof stored> {
  readonly taskType: SamplingTask;
}

/** Counts what debates come to, in the store that all processes have. */
export interface DebateTally {
  /** A run has ended; what is no debate does not count. */
  note(head: RunRecord, end: RunEnd): void;
  /** Rejects with `storage_unavailable`. */
  read(taskType: SamplingTask): Promise<DebateCounts>;
}

interface Options {
  readonly documents: DocumentRepository;
  readonly clock: Clock;
  readonly log: Log;
}

/** It belongs to no key. */
const owner = 'debates';
const nothing = { debates: 0, disputed: 0, changed: 0, flipsClaimed: 0, flipsAccepted: 0 };

/** Each loss means that another process has just counted a debate. */
const mostTries = 8;

export function createDebateTally({ documents, clock, log }: Options): DebateTally {
  const idOf = (taskType: SamplingTask): string => `${owner}/${taskType}`;

  const find = async (taskType: SamplingTask) => {
    const record = await documents.find(idOf(taskType), clock.wallTime());
    return { record, counts: stored.safeParse(record?.document).data ?? nothing };
  };

  const add = async (taskType: SamplingTask, result: PatternResult): Promise<boolean> => {
    const { record, counts } = await find(taskType);
    const now = clock.wallTime();
    const change = { document: countedWith(counts, result), updatedAt: now };
    if (record) return (await documents.replace(record.id, record.revision, change)) !== undefined;
    return documents.add({ id: idOf(taskType), key: owner, revision: 1, createdAt: now, ...change });
  };

  const count = async ({ title }: RunRecord, result: PatternResult): Promise<void> => {
    for (let tries = 0; tries < mostTries; tries++) if (await add(taskOfText(title), result)) return;
  };

  return {
    note(head, { state, result }) {
      if (head.pattern !== 'debate' || state !== 'COMPLETED' || !result) return;
      count(head, result).catch((thrown: unknown) => {
        log.warn('a debate is not counted', { run: head.id, error: ClusterError.from(thrown).message });
      });
    },
    read: async (taskType) => ({ taskType, ...(await find(taskType)).counts }),
  };
}

function countedWith(counts: typeof nothing, { rounds, changed, flips }: PatternResult): typeof nothing {
  const { claimed = 0, accepted = 0 } = (flips ?? {}) as { claimed?: number; accepted?: number };
  return {
    debates: counts.debates + 1,
    disputed: counts.disputed + ((rounds as number) > 0 ? 1 : 0),
    changed: counts.changed + (changed === true ? 1 : 0),
    flipsClaimed: counts.flipsClaimed + claimed,
    flipsAccepted: counts.flipsAccepted + accepted,
  };
}
