import { askFor } from '../ask-for.ts';
import { modelsOfCast } from '../maestro/cast.ts';
import type { Pattern, PatternResult, RunContext } from '../pattern.ts';
import { briefly } from '../player.ts';
import type { Turn } from '../question.ts';
import type { Note } from '../run-event.ts';
import { said } from '../said.ts';
import { share } from '../share.ts';
import { completed, type Contribution } from './contribution.ts';
import { memoryTurns, trimmedMemory, turnsToSummarise, type Memory } from './memory.ts';
import { answerPrompt, planPrompt, replanPrompt, summaryPrompt } from './prompts.ts';
import { specialistStep } from './specialist.ts';
import { mostSteps, stepsShape, type PlannedStep } from './supervision.ts';
import type { Tools } from './tool.ts';
import { turnInputOf, type TurnInput } from './turn-input.ts';

const most = { summary: 512, plan: 512, answer: 2_048 };

/** A summary, two plans with their repairs, one step more than planned, and the answer. */
const mostCalls = 1 + 4 + (mostSteps + 1) * 6 + 1;

/** Shares of the window: the conversation, and what specialists did. */
const shares = { memory: 0.5, work: 0.3 };

interface Memorised {
  readonly turns: readonly Turn[];
  /** What the conversation remembers from now on; undefined: as before. */
  readonly summary?: { readonly text: string; readonly turns: number };
}

/**
 * One turn of a conversation. A supervisor says which specialists work on it, they do one after the other, with tools, and
 * the coordinator answers. A step that gets nowhere is stopped, and the rest planned anew, once.
 */
export function createTurn(tools: Tools): Pattern<TurnInput> {
  return {
    name: 'turn',
    parse: (body, models) => turnInputOf(body, models, tools),
    estimate: ({ cast }) => ({ calls: mostCalls, tokens: 1_024, models: modelsOfCast(cast).length }),
    simpler: ({ memory, cast, window }) => ({
      pattern: 'single',
      body: {
        messages: memoryTurns(trimmedMemory(memory, Math.floor(window * shares.memory))),
        models: [cast.coordinator.model],
      },
    }),
    async *run(input, context) {
      const { turns, summary } = yield* memorised(input, context);
      const contributions: Contribution[] = [];
      const result = (text: string): PatternResult => ({
        ...{ text, contributions: [...contributions] },
        ...(summary && { summary: summary.text, summarised: summary.turns }),
      });
      const onContribution = (contribution: Contribution): void => {
        contributions.push(contribution);
        if (contribution.state === 'done') context.best(result(contribution.content));
      };
      yield* worked({ input, context, tools, turns, onContribution });
      return result(await answered(input, context, turns, contributions));
    },
  };
}

/** The conversation as calls get it; its summary is written anew if there is little room left. */
async function* memorised({ memory, window, cast }: TurnInput, context: RunContext): AsyncGenerator<Note, Memorised> {
  const room = Math.floor(window * shares.memory);
  const turnsOf = (one: Memory): readonly Turn[] => memoryTurns(trimmedMemory(one, room));
  const count = turnsToSummarise(memory, room);
  if (count === 0) return { turns: turnsOf(memory) };
  const question = {
    ...briefly(cast.coordinator),
    ...{ messages: summaryPrompt(memory.summary, memory.recent.slice(0, count), room), label: { role: 'summary' } },
    ...{ voice: 'silent' as const, maxTokens: share(context, most.summary, 4), temperature: 0 },
  };
  const text = await said(context, 'summary', question).then(
    (answer) => answer.text,
    () => undefined,
  );
  if (text === undefined) return { turns: turnsOf(memory) };
  yield { kind: 'summary', turns: count };
  const shorter = { ...memory, summary: text, recent: memory.recent.slice(count) };
  return { turns: turnsOf(shorter), summary: { text, turns: count } };
}

interface Work {
  readonly input: TurnInput;
  readonly context: RunContext;
  readonly tools: Tools;
  readonly turns: readonly Turn[];
  readonly onContribution: (contribution: Contribution) => void;
}

/** The specialists' steps. */
async function* worked({ onContribution, ...work }: Work): AsyncGenerator<Note, void> {
  const { input, context, turns } = work;
  const before: Contribution[] = [];
  const offered = input.tools.filter(({ policy }) => policy !== 'deny');
  let open = yield* planned(work, 'plan', planPrompt(turns, offered), mostSteps);
  let isReplanned = false;
  while (open.length > 0) {
    const [step, ...rest] = open;
    const id = `step.${before.length + 1}`;
    const callsLeft = open.length + 1;
    const contribution = yield* specialistStep({ ...work, id, step: step!, before, callsLeft });
    before.push(contribution);
    onContribution(contribution);
    yield { ...contribution, kind: 'step' };
    open = rest;
    if (contribution.state === 'done') continue;
    context.degraded(`${id}: ${contribution.specialist} was stopped: ${contribution.state}`);
    if (isReplanned) continue;
    isReplanned = true;
    const prompt = replanPrompt(turns, before, contribution, Math.floor(input.window * shares.work));
    open = yield* planned(work, 'plan.again', prompt, mostSteps - completed(before).length);
  }
}

async function* planned(
  { input, context }: Pick<Work, 'input' | 'context'>,
  id: string,
  messages: readonly Turn[],
  steps: number,
): AsyncGenerator<Note, readonly PlannedStep[]> {
  const question = {
    ...briefly(input.cast.coordinator),
    ...{ messages, label: { role: 'supervisor' }, temperature: 0 },
    maxTokens: share(context, most.plan, 3),
  };
  const plan = (await askFor(context, id, question, stepsShape))?.steps.slice(0, steps) ?? [];
  yield { kind: 'plan', step: id, steps: plan };
  return plan;
}

/** The answer, or the last that a specialist said if the coordinator has none. */
async function answered(
  { cast, window }: TurnInput,
  context: RunContext,
  turns: readonly Turn[],
  contributions: readonly Contribution[],
): Promise<string> {
  const question = {
    ...{ model: cast.coordinator.model, label: { role: 'answer' }, voice: 'answer' as const },
    messages: answerPrompt(turns, contributions, Math.floor(window * shares.work)),
    ...{ maxTokens: share(context, most.answer, 1), temperature: 0.4 },
  };
  try {
    return (await said(context, 'answer', question)).text;
  } catch (thrown) {
    const last = completed(contributions).at(-1);
    if (!last) throw thrown;
    return last.content;
  }
}
