import { ClusterError, onAbort, type Clock, type DocumentRecord, type DocumentRepository } from '@tutti/core';
import {
  createWorkflow,
  updatedWorkflow,
  type JsonObject,
  type RunCaller,
  type RunEntry,
  type TaskChange,
  type WorkflowStrategy,
} from '@tutti/core/patterns';
import type { Runs } from '../runs/runs.ts';
import { endedRun, nextRunId, planIn, withRun, type FoundWorkflow, type StoredWorkflow } from './stored-workflow.ts';
import { createWorkflowRun, type WorkflowPart, type WorkflowWork } from './workflow-run.ts';

/** What is to be planned. */
interface NewWorkflow {
  /** `query` or `messages`, and `preferredModel`. */
  readonly asked: JsonObject;
  readonly strategy?: WorkflowStrategy | undefined;
  readonly budget?: JsonObject | undefined;
  readonly idempotencyKey?: string | undefined;
  readonly caller: RunCaller;
}

/** Workflows of keys; another key's is `not_found`. All throw `storage_unavailable` without a store. */
export interface Workflows {
  /** Has a model plan it. A client that leaves before ends the planning, unless it can come back for it. */
  plan(wanted: NewWorkflow, signal: AbortSignal): Promise<FoundWorkflow>;
  find(id: string, key: string): Promise<FoundWorkflow>;
  /** Throws `failed_precondition` if the task cannot become that, or a run works on the workflow. */
  update(id: string, key: string, taskId: string, change: TaskChange): Promise<FoundWorkflow>;
  /** Does the open tasks, or follows the run that does. Throws `failed_precondition` if the caller does some. */
  run(id: string, work: WorkflowWork, signal: AbortSignal): AsyncGenerator<WorkflowPart, void>;
  /** Forgets those of the key that have not changed for so long and do not run; returns how many. */
  removeOld(key: string, olderThanMs: number): Promise<number>;
}

interface Options {
  readonly documents: DocumentRepository;
  readonly runs: Runs;
  readonly clock: Clock;
}

interface Kept extends FoundWorkflow {
  readonly record: DocumentRecord;
  /** Milliseconds since 1970. */
  readonly changedAt: number;
}

const mostAttempts = 8;
const pageSize = 100;

export function createWorkflows({ documents, runs, clock }: Options): Workflows {
  /** What the run of that id has told so far; nothing, if there is none. */
  const entriesOf = async (runId: string, key: string): Promise<readonly RunEntry[]> => {
    try {
      return await runs.read(runId, key);
    } catch (thrown) {
      if (ClusterError.from(thrown).reason === 'not_found') return [];
      throw thrown;
    }
  };

  /**
   * The document with what the next run has done. That is kept when the run has ended and somebody changes the document
   * or waits for it; until then the run's journal tells, whoever looks.
   */
  const standing = async (record: DocumentRecord): Promise<Kept> => {
    const kept = record.document as StoredWorkflow;
    const entries = await entriesOf(nextRunId(kept), record.key);
    const last = entries.at(-1);
    if (!last) return { record, stored: kept, changedAt: record.updatedAt };
    const changedAt = Math.max(record.updatedAt, last.time);
    const stored = withRun(kept, entries);
    return { record, stored, changedAt, ...(last.event.type !== 'ended' && { going: entries }) };
  };

  const find = async (id: string, key: string): Promise<Kept> => {
    const record = await documents.find(id, clock.wallTime());
    if (record?.key !== key) throw unknownWorkflow(id);
    return standing(record);
  };

  /** Changes it; once more from the start if somebody else did so meanwhile. */
  const change = async (id: string, key: string, changed: (found: Kept) => StoredWorkflow): Promise<FoundWorkflow> => {
    for (let attempt = 0; attempt < mostAttempts; attempt++) {
      const found = await find(id, key);
      const stored = changed(found);
      const { document, revision } = found.record;
      if (stored === document) return found;
      if (await documents.replace(id, revision, { document: stored, updatedAt: clock.wallTime() })) return { stored };
    }
    throw new ClusterError('overloaded', `Too many change the workflow "${id}" at once. Try again.`);
  };

  const planned = async ({ caller, asked, strategy, ...rest }: NewWorkflow, signal: AbortSignal) => {
    const body = { ...asked, ...(strategy && { strategy }) };
    const run = await runs.start({ ...rest, pattern: 'decompose', body, caller });
    const cancel = (): void => void runs.cancel(run.id, caller.principal.id).catch(() => {});
    const forget = rest.idempotencyKey === undefined ? onAbort(signal, cancel) : () => {};
    try {
      return { id: run.id, end: await run.ended(signal) };
    } finally {
      forget();
    }
  };

  /** Keeps what its last run has done, before the next one. */
  const settle = (id: string, key: string): Promise<FoundWorkflow> =>
    change(id, key, ({ record, stored, going }) => (going ? (record.document as StoredWorkflow) : stored));

  return {
    async plan(wanted, signal) {
      const { id, end } = await planned(wanted, signal);
      const key = wanted.caller.principal.id;
      const { strategy, tasks } = planIn(end);
      const createdAt = clock.wallTime();
      const workflow = createWorkflow({ id, strategy, createdAt }, tasks);
      const document: StoredWorkflow = { workflow, asked: wanted.asked, runs: [endedRun(id, end)] };
      // If it is there, the same request came twice.
      await documents.add({ id, key, revision: 1, createdAt, updatedAt: createdAt, document });
      return find(id, key);
    },
    find,
    update: (id, key, taskId, news) =>
      change(id, key, ({ stored, going }) => {
        if (going) throw busy(nextRunId(stored));
        return { ...stored, workflow: updatedWorkflow(stored.workflow, taskId, news) };
      }),
    run: createWorkflowRun({ runs, settle }),
    async removeOld(key, olderThanMs) {
      const now = clock.wallTime();
      const since = now - olderThanMs;
      const isOld = ({ changedAt, going }: Kept): boolean => !going && changedAt < since;
      let removed = 0;
      let before: Pick<DocumentRecord, 'id' | 'updatedAt'> = { id: '', updatedAt: since };
      for (;;) {
        const page = await documents.list(key, { limit: pageSize, before }, now);
        for (const record of page) {
          if (isOld(await standing(record)) && (await documents.remove(record.id))) removed += 1;
        }
        if (page.length < pageSize) return removed;
        before = page.at(-1)!;
      }
    },
  };
}

/** Of somebody else's workflow not even its existence is told. */
function unknownWorkflow(id: string): ClusterError {
  return new ClusterError('not_found', `There is no workflow "${id.slice(0, 64)}" of this key.`, { param: 'id' });
}

function busy(runId: string): ClusterError {
  const message = `The run "${runId}" does the tasks now. Wait for its end, or cancel it first.`;
  return new ClusterError('failed_precondition', message);
}
