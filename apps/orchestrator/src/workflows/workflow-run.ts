import { ClusterError } from '@tutti/core';
import { workflowState, type JsonObject, type RunCaller, type RunEnd, type RunEntry } from '@tutti/core/patterns';
import type { Runs } from '../runs/runs.ts';
import { nextRunId, type FoundWorkflow, type StoredWorkflow } from './stored-workflow.ts';

/** How the tasks of a workflow are to be done. */
export interface WorkflowWork {
  readonly caller: RunCaller;
  /** As the client sent it. */
  readonly budget?: JsonObject | undefined;
}

/** A part of a run: its start, what happens in it, and the workflow afterwards. */
export type WorkflowPart =
  | { readonly kind: 'started'; readonly runId: string }
  | { readonly kind: 'entry'; readonly entry: RunEntry }
  | { readonly kind: 'workflow'; readonly found: FoundWorkflow };

interface Options {
  readonly runs: Runs;
  /** The workflow with all that runs which have ended did, kept. */
  readonly settle: (id: string, key: string) => Promise<FoundWorkflow>;
}

type RunWorkflow = (id: string, work: WorkflowWork, signal: AbortSignal) => AsyncGenerator<WorkflowPart, void>;

/** Does the tasks of workflows, one run at a time; the run goes on when its client leaves. */
export function createWorkflowRun({ runs, settle }: Options): RunWorkflow {
  const start = async (stored: StoredWorkflow, { caller, budget }: WorkflowWork): Promise<void> => {
    const { asked, workflow } = stored;
    refuseRunning(stored);
    const body = { ...asked, tasks: workflow.tasks };
    try {
      await runs.start({ id: nextRunId(stored), pattern: 'workflow', body, budget, caller });
    } catch (thrown) {
      const error = ClusterError.from(thrown);
      // Somebody else has started it a moment ago, in another way: then that one is followed.
      if (error.reason !== 'failed_precondition' || error.param !== 'id') throw error;
    }
  };

  return async function* run(id, work, signal) {
    const key = work.caller.principal.id;
    const { stored, going } = await settle(id, key);
    if (!going) {
      if (hasEnded(stored)) return yield { kind: 'workflow', found: { stored } };
      await start(stored, work);
    }
    const runId = nextRunId(stored);
    yield { kind: 'started', runId };
    let end: RunEnd | undefined;
    for await (const entry of runs.follow(runId, key, 0, signal)) {
      yield { kind: 'entry', entry };
      if (entry.event.type === 'ended') end = entry.event;
    }
    const found = await settle(id, key);
    if (end?.error) throw new ClusterError(end.error.reason, `${end.error.message} (The run is ${runId}.)`);
    yield { kind: 'workflow', found };
  };
}

function hasEnded({ workflow }: StoredWorkflow): boolean {
  const state = workflowState(workflow);
  return state !== 'PENDING' && state !== 'RUNNING';
}

function refuseRunning({ workflow: { tasks } }: StoredWorkflow): void {
  const running = tasks.filter(({ status }) => status === 'RUNNING').map(({ id }) => id);
  if (running.length === 0) return;
  const message = `Somebody does ${running.join(', ')} now: tell what became of it, or make it READY again.`;
  throw new ClusterError('failed_precondition', message);
}
