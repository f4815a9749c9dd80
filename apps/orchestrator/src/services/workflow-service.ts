import { toJson, type MessageInitShape } from '@bufbuild/protobuf';
import { ClusterError, localPrincipal } from '@tutti/core';
import { nextTasks, workflowResult, type JsonObject, type RunCaller } from '@tutti/core/patterns';
import {
  ExecutionBudgetSchema,
  ExecutionState,
  ChatTurnSchema,
  type ExecutionBudget,
} from '@tutti/proto/tutti/v1/pattern';
import {
  WorkflowState,
  type DecomposeChatRequest,
  type DecomposeGenerateRequest,
  type RunWorkflowResponseSchema,
  type WorkflowService,
} from '@tutti/proto/tutti/v1/workflow';
import type { HandlerContext, Implementation } from '@tutti/rpc';
import { readKeptCaller } from '../caller/caller.ts';
import type { WorkflowPart } from '../workflows/workflow-run.ts';
import type { Workflows } from '../workflows/workflows.ts';
import { executionEvent } from './execution-event.ts';
import { strategyOf, taskOf, taskStatusOf, workflowOf } from './workflow-parts.ts';

interface Options {
  readonly workflows: Workflows;
}

const dayMs = 24 * 60 * 60_000;

/** Plans workflows, lets their callers do the tasks, and does them. */
export function workflowService({ workflows }: Options): Implementation<typeof WorkflowService> {
  const decompose = async (
    request: DecomposeChatRequest | DecomposeGenerateRequest,
    what: JsonObject,
    context: HandlerContext,
  ) => {
    const { model, strategy, budget, stream } = request;
    if (stream) throw refused('stream', 'a plan comes as a whole: send false, or nothing.');
    const found = await workflows.plan(
      {
        asked: { ...what, ...(model && { preferredModel: model }) },
        strategy: strategyOf(strategy),
        budget: budgetOf(budget),
        idempotencyKey: context.metadata.get('idempotency-key'),
        caller: callerOf(context),
      },
      context.signal,
    );
    return { workflow: workflowOf(found) };
  };

  return {
    decomposeChat(request, context) {
      const messages = request.messages.map((turn) => toJson(ChatTurnSchema, turn) as JsonObject);
      if (messages.length === 0) throw refused('messages', 'there is none.');
      return decompose(request, { messages }, context);
    },
    decomposeGenerate(request, context) {
      if (request.prompt.trim() === '') throw refused('prompt', 'there is none.');
      return decompose(request, { query: request.prompt }, context);
    },
    async getWorkflow({ id }, { principal = localPrincipal }) {
      return { workflow: workflowOf(await workflows.find(id, principal.id)) };
    },
    async getNextTasks({ id }, { principal = localPrincipal }) {
      const { stored } = await workflows.find(id, principal.id);
      return { tasks: nextTasks(stored.workflow).map(taskOf) };
    },
    async updateTask({ workflowId, taskId, status: wanted, result, error }, { principal = localPrincipal }) {
      const status = taskStatusOf(wanted);
      if (!status) throw refused('status', 'there is none.');
      const change = { status, ...(result !== undefined && { result }), ...(error !== undefined && { error }) };
      const { stored } = await workflows.update(workflowId, principal.id, taskId, change);
      return { task: taskOf(stored.workflow.tasks.find(({ id }) => id === taskId)!) };
    },
    async getWorkflowResult({ id }, { principal = localPrincipal }) {
      const { stored } = await workflows.find(id, principal.id);
      const { state, finalResult, taskResults } = workflowResult(stored.workflow);
      return { state: WorkflowState[state], finalResult, taskResults };
    },
    async *runWorkflow({ id, budget }, context) {
      const work = { caller: callerOf(context), budget: budgetOf(budget) };
      for await (const part of workflows.run(id, work, context.signal)) yield messageOf(part);
    },
    async cleanupWorkflows({ olderThanMs = dayMs }, { principal = localPrincipal }) {
      if (olderThanMs >= 0) return { removed: await workflows.removeOld(principal.id, olderThanMs) };
      throw refused('olderThanMs', `it must not be negative, got ${olderThanMs}.`);
    },
  };
}

function messageOf(part: WorkflowPart): MessageInitShape<typeof RunWorkflowResponseSchema> {
  switch (part.kind) {
    case 'started':
      return {
        kind: { case: 'started', value: { id: part.runId, state: ExecutionState.RUNNING, pattern: 'workflow' } },
      };
    case 'entry':
      return { kind: { case: 'event', value: executionEvent(part.entry) } };
    case 'workflow':
      return { kind: { case: 'workflow', value: workflowOf(part.found) } };
  }
}

function callerOf({ metadata, principal = localPrincipal }: HandlerContext): RunCaller {
  return readKeptCaller((name) => metadata.get(name), principal, 'workflows');
}

/** As the client sent it; undefined: it sent none. */
function budgetOf(budget: ExecutionBudget | undefined): JsonObject | undefined {
  return budget && (toJson(ExecutionBudgetSchema, budget) as JsonObject);
}

function refused(param: string, what: string): ClusterError {
  return new ClusterError('invalid_request', `${param}: ${what}`, { param });
}
