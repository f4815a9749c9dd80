import type { MessageInitShape } from '@bufbuild/protobuf';
import {
  workflowState,
  type WorkflowStrategy as CoreStrategy,
  type TaskStatus,
  type WorkflowTask,
} from '@tutti/core/patterns';
import {
  WorkflowState,
  WorkflowStrategy,
  WorkflowTaskStatus,
  WorkflowTaskType,
  type WorkflowSchema,
  type WorkflowTaskSchema,
} from '@tutti/proto/tutti/v1/workflow';
import { nextRunId, spentOn, type FoundWorkflow } from '../workflows/stored-workflow.ts';
import { timeText, usageOf } from './execution-parts.ts';

export function workflowOf(found: FoundWorkflow) {
  const { workflow, runs } = found.stored;
  const executionIds = runs.map(({ id }) => id);
  return {
    workflowId: workflow.id,
    strategy: WorkflowStrategy[workflow.strategy],
    tasks: workflow.tasks.map(taskOf),
    state: WorkflowState[workflowState(workflow)],
    createdAt: timeText(workflow.createdAt),
    spent: usageOf(spentOn(found)),
    degraded: runs.flatMap(({ degraded }) => degraded),
    executionIds: found.going ? [...executionIds, nextRunId(found.stored)] : executionIds,
  } satisfies MessageInitShape<typeof WorkflowSchema>;
}

export function taskOf({ type, status, dependencies, ...task }: WorkflowTask) {
  return {
    ...task,
    dependencies: [...dependencies],
    type: WorkflowTaskType[type],
    status: WorkflowTaskStatus[status],
  } satisfies MessageInitShape<typeof WorkflowTaskSchema>;
}

/** Undefined: none was named. */
export function taskStatusOf(status: WorkflowTaskStatus): TaskStatus | undefined {
  return nameOf(WorkflowTaskStatus, status) as TaskStatus | undefined;
}

/** Undefined: none was named. */
export function strategyOf(strategy: WorkflowStrategy = WorkflowStrategy.UNSPECIFIED): CoreStrategy | undefined {
  return nameOf(WorkflowStrategy, strategy) as CoreStrategy | undefined;
}

function nameOf(names: Readonly<Record<string, number>>, wanted: number): string | undefined {
  return Object.entries(names).find(([, value]) => value === wanted && value !== 0)?.[0];
}
