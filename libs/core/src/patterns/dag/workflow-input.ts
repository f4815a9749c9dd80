import { z } from 'zod';
import { readBody, refusedField } from '../read-body.ts';
import type { JsonObject } from '../json.ts';
import { taskStatuses, type DagTask } from './task.ts';
import { dagDefects, dagLimits } from './validate.ts';
import { taskTypes, type WorkflowTask } from './workflow.ts';

const task = z.object({
  id: z.string(),
  type: z.enum(taskTypes),
  content: z.string().trim().min(1).max(20_000),
  dependencies: z.array(z.string()).default([]),
  policies: z.record(z.string(), z.enum(['required', 'optional', 'any-of'])).exactOptional(),
  status: z.enum(taskStatuses).default('PENDING'),
  result: z.string().exactOptional(),
  error: z.string().exactOptional(),
});

const fields = z.object({ tasks: z.array(task).min(1).max(dagLimits.maxTasks) });

/** Reads the tasks of a workflow, and refuses what cannot be run. */
export function workflowTasksOf(body: JsonObject): readonly WorkflowTask[] {
  const { tasks } = readBody(fields, body);
  checkTasks(tasks);
  return tasks;
}

/** Throws `invalid_request` for tasks that cannot be run. */
export function checkTasks(tasks: readonly DagTask[]): void {
  const defects = dagDefects(tasks);
  if (defects.length > 0) throw refusedField('tasks', defects.join(' '));
}
