import { z } from 'zod';
import { ClusterError } from '../error.ts';
import { conversationOf, needsOf } from './conversation.ts';
import { lastTasks } from './dag/order.ts';
import { runTasks } from './dag/run-tasks.ts';
import { isTerminalStatus } from './dag/task.ts';
import { workflowTasksOf } from './dag/workflow-input.ts';
import { finalResult, type TaskType, type WorkflowTask } from './dag/workflow.ts';
import { castOf, modelsOfCast, type Cast } from './maestro/cast.ts';
import { crafts, taskPrompt } from './maestro/prompts.ts';
import type { Pattern, PatternResult, RunContext } from './pattern.ts';
import type { Player } from './player.ts';
import type { Turn } from './question.ts';
import { readBody } from './read-body.ts';
import { saidByEither } from './said.ts';
import { share } from './share.ts';

type WorkflowInput = {
  readonly turns: readonly Turn[];
  readonly cast: Cast;
  readonly tasks: readonly WorkflowTask[];
};

const fields = z.object({ preferredModel: z.string().min(1).exactOptional() });

const most = { work: 2_048 };

/** Does the tasks of a workflow that have not ended, each as soon as its inputs are there. */
export const workflow: Pattern<WorkflowInput> = {
  name: 'workflow',
  parse(body, models) {
    const { preferredModel } = readBody(fields, body);
    const turns = conversationOf(body);
    const tasks = workflowTasksOf(body);
    return { turns, tasks, cast: castOf(models, { preferred: preferredModel, needs: needsOf(turns) }) };
  },
  estimate: ({ tasks, cast }) => {
    const open = tasks.filter(({ status }) => !isTerminalStatus(status)).length;
    return { calls: open, tokens: open * 128, models: modelsOfCast(cast).length };
  },
  async *run(input, context) {
    const tasks = new Map(input.tasks.map((task) => [task.id, task]));
    const ended = new Map(input.tasks.map(({ id, status }) => [id, isTerminalStatus(status) ? status : 'PENDING']));
    const work = createWork(input, context);
    for await (const { task, ...news } of runTasks({ tasks: input.tasks, ended, work })) {
      const { status } = news;
      const result = status === 'COMPLETED' && { result: news.value };
      const error = status === 'FAILED' && { error: news.error.message };
      tasks.set(task.id, { ...task, status, ...result, ...error });
      if (result) context.best(resultOf([...tasks.values()]));
      yield { kind: 'task', id: task.id, status, ...result, ...error };
    }
    return resultOf([...tasks.values()]);
  },
};

/** Does tasks. Whoever needs a result finds it as soon as it is there. */
function createWork({ turns, cast, tasks }: WorkflowInput, context: RunContext) {
  const results = new Map(tasks.flatMap(({ id, result }) => (result === undefined ? [] : [[id, result]])));
  const last = lastTasks(tasks);
  let open = tasks.filter(({ status }) => !isTerminalStatus(status)).length;
  return async (task: WorkflowTask): Promise<string> => {
    const { id, type, content, dependencies } = task;
    const inputs = dependencies.flatMap((from) => {
      const result = results.get(from);
      return result === undefined ? [] : [{ id: from, content: result }];
    });
    if (dependencies.length > 0 && inputs.length === 0) {
      throw new ClusterError(
        'failed_precondition',
        `Task "${id}" has nothing to work on: nothing before it has a result.`,
      );
    }
    const { player, craft } = partOf(type, cast);
    // Only what ends the workflow alone is its answer; said by one model, so that a client does not hear it twice.
    const isAnswer = last.length === 1 && last[0]!.id === id;
    const question = () => ({
      ...{ messages: taskPrompt(turns, craft, content, inputs), label: { role: type.toLowerCase(), task: id } },
      ...{ voice: isAnswer ? ('answer' as const) : ('thinking' as const), temperature: 0.4 },
      maxTokens: share(context, most.work, open),
    });
    const { text } = await saidByEither(
      context,
      `task.${id}`,
      [player, isAnswer ? player : cast.coordinator],
      question,
    );
    open -= 1;
    results.set(id, text);
    return text;
  };
}

function partOf(type: TaskType, { coordinator, specialists }: Cast): { player: Player; craft: string } {
  if (type === 'SYNTHESIS')
    return { player: coordinator, craft: 'You put the work of others together into one answer.' };
  if (type === 'EXECUTION')
    return { player: coordinator, craft: 'You carry out what is asked, and say what came of it.' };
  const role = type.toLowerCase() as Lowercase<typeof type>;
  return { player: specialists[role], craft: crafts[role] };
}

function resultOf(tasks: readonly WorkflowTask[]): PatternResult {
  return { text: finalResult(tasks), tasks };
}
