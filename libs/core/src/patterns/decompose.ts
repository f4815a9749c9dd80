import { z } from 'zod';
import { askFor } from './ask-for.ts';
import { conversationOf, lastUserText, needsOf, withUserText } from './conversation.ts';
import { shapedTasks } from './dag/shaped-tasks.ts';
import { dagDefects, dagLimits } from './dag/validate.ts';
import { workflowStrategies, taskTypes, type PlannedTask, type WorkflowStrategy } from './dag/workflow.ts';
import { castOf } from './maestro/cast.ts';
import type { Pattern, PatternResult } from './pattern.ts';
import { briefly, type Player } from './player.ts';
import type { Turn } from './question.ts';
import { readBody } from './read-body.ts';
import { share } from './share.ts';

type DecomposeInput = {
  readonly turns: readonly Turn[];
  readonly planner: Player;
  readonly strategy?: WorkflowStrategy;
};

const fields = z.object({
  preferredModel: z.string().min(1).exactOptional(),
  strategy: z.enum(workflowStrategies).exactOptional(),
});

const most = { plan: 2_048 };

/** Plans the tasks of a workflow, and does none of them. What cannot be planned is one task. */
export const decompose: Pattern<DecomposeInput> = {
  name: 'decompose',
  parse(body, models) {
    const { preferredModel, strategy } = readBody(fields, body);
    const turns = conversationOf(body);
    const planner = castOf(models, { preferred: preferredModel, needs: needsOf(turns) }).coordinator;
    return { turns, planner, ...(strategy && { strategy }) };
  },
  estimate: () => ({ calls: 1, tokens: 256, models: 1 }),
  async *run({ turns, planner, strategy }, context) {
    const question = {
      ...{ ...briefly(planner), messages: prompt(turns, strategy), label: { role: 'coordinator' }, temperature: 0 },
      maxTokens: share(context, most.plan, 2),
    };
    const plan = await askFor(context, 'plan', question, planShape(strategy));
    const result = plan
      ? resultOf(plan.strategy, shapedTasks(plan.strategy, plan.tasks))
      : resultOf('DYNAMIC', [whole(turns)]);
    yield { kind: 'plan', strategy: result.strategy, tasks: result.tasks };
    return result;
  },
};

const task = z.object({
  id: z.string().describe('t1, t2, ...'),
  type: z.enum(taskTypes),
  content: z.string().trim().min(1).max(4_000).describe('what is to be done, complete in itself'),
  dependencies: z.array(z.string()).describe('ids of the tasks whose results it needs'),
});

/** Tasks that can be run, as they are and in the order of the strategy. */
function planShape(wanted: WorkflowStrategy | undefined) {
  const strategy = z.enum(wanted ? [wanted] : workflowStrategies);
  return z
    .object({ strategy, tasks: z.array(task).min(1).max(dagLimits.maxTasks) })
    .superRefine(({ strategy, tasks }, { addIssue }) => {
      const own = dagDefects(tasks, { ...dagLimits, maxDepth: dagLimits.maxTasks });
      const defects = own.length > 0 ? own : dagDefects(shapedTasks(strategy, tasks));
      for (const message of defects) addIssue({ code: 'custom', message, path: ['tasks'] });
    });
}

function prompt(turns: readonly Turn[], strategy: WorkflowStrategy | undefined): readonly Turn[] {
  const choice = strategy
    ? `The strategy is ${strategy}.`
    : 'Choose the strategy: SEQUENTIAL if each task needs the one before, PARALLEL if none needs another, HIERARCHICAL if ' +
      'they stand in layers, DYNAMIC for anything else.';
  return withUserText(
    turns,
    `Do not answer this yet. Split it into tasks, as few as will do, none more than ${dagLimits.maxDepth} steps from the ` +
      `first. ${choice} Whoever does a task sees only this request, the task, and the results of its dependencies. If there ` +
      'is more than one task, the last is of type SYNTHESIS and writes the answer. Answer as JSON.',
  );
}

function whole(turns: readonly Turn[]): PlannedTask {
  const content = lastUserText(turns).trim() || 'Answer the request.';
  return { id: 't1', type: 'REASONING', content, dependencies: [] };
}

function resultOf(strategy: WorkflowStrategy, tasks: readonly PlannedTask[]) {
  const lines = tasks.map(({ id, type, content, dependencies }) => {
    const after = dependencies.length > 0 ? `, after ${dependencies.join(', ')}` : '';
    return `${id} (${type}${after}): ${content}`;
  });
  return { text: lines.join('\n'), strategy, tasks } satisfies PatternResult;
}
