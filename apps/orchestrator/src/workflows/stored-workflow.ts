import { ClusterError } from '@tutti/core';
import {
  spentIn,
  updatedWorkflow,
  type JsonObject,
  type PlannedTask,
  type RunEnd,
  type RunEntry,
  type Spent,
  type TaskChange,
  type Workflow,
  type WorkflowStrategy,
} from '@tutti/core/patterns';

/** A workflow as its document keeps it. */
export interface StoredWorkflow {
  readonly workflow: Workflow;
  /** What it is a plan for: `query` or `messages`, and `preferredModel`. */
  readonly asked: JsonObject;
  /** Runs that worked on it and have ended, oldest first; the first has planned it. */
  readonly runs: readonly EndedRun[];
}

interface EndedRun {
  readonly id: string;
  readonly spent: Spent;
  /** What went wrong although it went on. */
  readonly degraded: readonly string[];
}

/** A workflow as it is now. */
export interface FoundWorkflow {
  readonly stored: StoredWorkflow;
  /** What the run that works on it has done so far; undefined: none does. */
  readonly going?: readonly RunEntry[];
}

/** The id of the run that does its tasks next, or does them now: one at a time, whoever asks. */
export function nextRunId({ workflow: { id }, runs }: Pick<StoredWorkflow, 'workflow' | 'runs'>): string {
  return `${id}-run-${runs.length}`;
}

/** The workflow with what its next run has done so far. Tasks that a run which has ended left undone are READY again. */
export function withRun(stored: StoredWorkflow, entries: readonly RunEntry[]): StoredWorkflow {
  const done = entries.reduce(withEntry, stored.workflow);
  const end = entries.at(-1)?.event;
  if (end?.type !== 'ended') return { ...stored, workflow: done };
  return { ...stored, workflow: withoutRunning(done), runs: [...stored.runs, endedRun(nextRunId(stored), end)] };
}

export function endedRun(id: string, { spent, result }: RunEnd): EndedRun {
  return { id, spent, degraded: (result?.degraded as readonly string[] | undefined) ?? [] };
}

/** What all its runs have taken. */
export function spentOn({ stored: { runs }, going = [] }: FoundWorkflow): Spent {
  return [...runs.map(({ spent }) => spent), spentIn(going)].reduce((sum, spent) => ({
    calls: sum.calls + spent.calls,
    swaps: sum.swaps + spent.swaps,
    promptTokens: sum.promptTokens + spent.promptTokens,
    outputTokens: sum.outputTokens + spent.outputTokens,
  }));
}

/** The plan that a run has made. Throws what it has failed with. */
export function planIn({ result, error }: RunEnd): { strategy: WorkflowStrategy; tasks: readonly PlannedTask[] } {
  if (error) throw new ClusterError(error.reason, error.message);
  if (!result) throw new ClusterError('failed_precondition', 'The planning was cancelled before there was a plan.');
  return result as unknown as { strategy: WorkflowStrategy; tasks: readonly PlannedTask[] };
}

function withEntry(workflow: Workflow, { event }: RunEntry): Workflow {
  if (event.type !== 'noted' || event.note.kind !== 'task') return workflow;
  const { id, status, result, error } = event.note as unknown as TaskChange & { readonly id: string };
  const change = { status, ...(result !== undefined && { result }), ...(error !== undefined && { error }) };
  try {
    return updatedWorkflow(workflow, id, change);
  } catch (thrown) {
    // A run tells of tasks that are skipped already, and of one that the caller changed in the moment when it began.
    if (ClusterError.from(thrown).reason === 'failed_precondition') return workflow;
    throw thrown;
  }
}

function withoutRunning(workflow: Workflow): Workflow {
  const running = workflow.tasks.filter(({ status }) => status === 'RUNNING');
  return running.reduce((rest, { id }) => updatedWorkflow(rest, id, { status: 'READY' }), workflow);
}
