import { z } from 'zod';
import { askFor } from './ask-for.ts';
import { conversationOf, needsOf } from './conversation.ts';
import { lastTasks } from './dag/order.ts';
import { runTasks } from './dag/run-tasks.ts';
import { castOf, modelsOfCast, type Cast } from './maestro/cast.ts';
import { gateShape, planLimits, planShape, type MaestroTask } from './maestro/plan.ts';
import { gatePrompt, planPrompt, synthesisPrompt } from './maestro/prompts.ts';
import { createWork, type AgentWork } from './maestro/work.ts';
import type { Pattern, PatternResult, RunContext } from './pattern.ts';
import { briefly } from './player.ts';
import type { Turn } from './question.ts';
import { readBody } from './read-body.ts';
import type { Note } from './run-event.ts';
import { said } from './said.ts';
import { share } from './share.ts';

type MaestroInput = { readonly turns: readonly Turn[]; readonly cast: Cast };

const fields = z.object({ preferredModel: z.string().min(1).exactOptional() });

const most = { gate: 48, plan: 1_024, answer: 2_048 };

/** Calls of a run in which nothing has to be asked twice. */
const callsPerTask = 3;
const mostCalls = 2 + planLimits.maxTasks * callsPerTask + 1;

/**
 * A coordinator plans, specialists do the tasks as soon as their inputs are there, a critic looks at each, and one answer
 * is written from the results. What is not worth a plan, or gets none that can be run, is answered by one model.
 */
export const maestro: Pattern<MaestroInput> = {
  name: 'maestro',
  parse(body, models) {
    const { preferredModel } = readBody(fields, body);
    const turns = conversationOf(body);
    return { turns, cast: castOf(models, { preferred: preferredModel, needs: needsOf(turns) }) };
  },
  estimate: ({ cast }) => ({ calls: mostCalls, tokens: 2_048, models: modelsOfCast(cast).length }),
  simpler: ({ turns }) => ({ pattern: 'debate', body: { messages: turns } }),
  async *run(input, context) {
    const tasks = yield* planned(input, context);
    const agents = yield* worked(input, context, tasks);
    return agents.length > 0 ? yield* written(input, context, tasks, agents) : alone(input, context);
  },
};

/** The tasks of a plan; none: it is better answered by one. */
async function* planned({ turns, cast }: MaestroInput, context: RunContext): AsyncGenerator<Note, MaestroTask[]> {
  const ask = { ...briefly(cast.coordinator), label: { role: 'coordinator' }, temperature: 0 };
  const gate = { ...ask, messages: gatePrompt(turns), maxTokens: share(context, most.gate, mostCalls) };
  const severalTasks = (await askFor(context, 'gate', gate, gateShape))?.severalTasks ?? false;
  yield { kind: 'gate', severalTasks };
  if (!severalTasks) return [];
  const plan = { ...ask, messages: planPrompt(turns), maxTokens: share(context, most.plan, 4) };
  const planned = (await askFor(context, 'plan', plan, planShape))?.tasks ?? [];
  // One task is no plan.
  const tasks = planned.length > 1 ? planned : [];
  yield { kind: 'plan', tasks };
  return tasks;
}

/** What the specialists did, as in the plan. */
async function* worked(
  { turns, cast }: MaestroInput,
  context: RunContext,
  tasks: readonly MaestroTask[],
): AsyncGenerator<Note, readonly AgentWork[]> {
  const byTask = new Map<string, AgentWork>();
  const agents = (): AgentWork[] => tasks.flatMap(({ id }) => byTask.get(id) ?? []);
  let open = tasks.length;
  const callsLeft = (): number => open * callsPerTask + 1;
  const onWork = (work: AgentWork): void => {
    byTask.set(work.id, work);
    context.best(resultOf(soFar(tasks, agents()), tasks, agents()));
  };
  const work = createWork({ cast, turns, context, callsLeft, onWork });
  for await (const { task, ...news } of runTasks({ tasks, work })) {
    if (news.status !== 'RUNNING') open -= 1;
    const checked = news.status === 'COMPLETED' && { checked: news.value.checked };
    yield { kind: 'task', id: task.id, status: news.status, ...checked };
  }
  return agents();
}

/** One answer from all the results. */
async function* written(
  { turns, cast }: MaestroInput,
  context: RunContext,
  tasks: readonly MaestroTask[],
  agents: readonly AgentWork[],
): AsyncGenerator<Note, PatternResult> {
  const done = new Set(agents.map(({ id }) => id));
  const missing = tasks.filter(({ id }) => !done.has(id)).map(({ id, task }) => `${id}: ${task}`);
  const question = {
    ...{ model: cast.coordinator.model, messages: synthesisPrompt(turns, agents, missing) },
    ...{ label: { role: 'synthesis' }, voice: 'answer' as const },
    ...{ maxTokens: share(context, most.answer, 1), temperature: 0.3 },
  };
  const text = await said(context, 'synthesis', question).then(
    (answer) => answer.text,
    () => undefined,
  );
  if (text === undefined) return resultOf(soFar(tasks, agents), tasks, agents);
  const named = [...new Set([...text.matchAll(/\[([a-zA-Z0-9-]{1,40})\]/g)].map(([, id]) => id!))];
  const cited = named.filter((id) => done.has(id));
  const uncited = [...done].filter((id) => !named.includes(id));
  yield { kind: 'citations', cited, uncited };
  return resultOf(text, tasks, agents);
}

/** One model's answer, without a plan. */
async function alone({ turns, cast }: MaestroInput, context: RunContext): Promise<PatternResult> {
  const { model } = cast.coordinator;
  const maxTokens = share(context, most.answer, 1);
  const question = { model, messages: turns, label: { role: 'single' }, voice: 'answer' as const, maxTokens };
  return resultOf((await said(context, 'answer', question)).text, [], []);
}

/** The results that nothing else builds on, or all there are. */
function soFar(tasks: readonly MaestroTask[], agents: readonly AgentWork[]): string {
  const last = new Set(lastTasks(tasks).map(({ id }) => id));
  const final = agents.filter(({ id }) => last.has(id));
  return (final.length > 0 ? final : agents).map(({ content }) => content).join('\n\n');
}

function resultOf(text: string, tasks: readonly MaestroTask[], agents: readonly AgentWork[]): PatternResult {
  return { text, finalOutput: text, plan: { tasks }, agents: [...agents] };
}
