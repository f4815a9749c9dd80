import { z } from 'zod';
import { dagDefects } from '../dag/validate.ts';
import { roles } from './cast.ts';

export const planLimits = { maxTasks: 6, maxDepth: 5 };

const task = z.object({
  id: z.string().describe('t1, t2, ...'),
  role: z.enum(roles),
  task: z.string().trim().min(1).max(2_000).describe('what is to be done, complete in itself'),
  dependencies: z.array(z.string()).describe('ids of the tasks whose results it needs'),
  check: z.string().max(500).describe('how to tell from the result that it is good'),
});

/** A task of a plan. */
export type MaestroTask = z.infer<typeof task>;

/** A plan that can be run. */
export const planShape = z
  .object({ tasks: z.array(task).min(1).max(planLimits.maxTasks) })
  .superRefine(({ tasks }, { addIssue }) => {
    for (const message of dagDefects(tasks, planLimits)) addIssue({ code: 'custom', message, path: ['tasks'] });
  });

/** Whether the request is worth a plan. */
export const gateShape = z.object({ severalTasks: z.boolean() });

/** What a critic says of a result. */
export const verdictShape = z.object({
  pass: z.boolean(),
  defects: z.array(z.string().trim().min(1).max(500)).max(5),
});
