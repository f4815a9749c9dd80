import { excerpt } from '../excerpt.ts';
import { fenced } from '../fenced.ts';
import { withoutThinking } from '../json-in.ts';
import type { RunContext } from '../pattern.ts';
import type { Answer, Question, Turn } from '../question.ts';
import type { Note } from '../run-event.ts';
import { share } from '../share.ts';
import { areSame, completed, type Contribution, type StepState } from './contribution.ts';
import { tokensOf } from './memory.ts';
import { noMoreTools, stepPrompt, toolsAsText } from './prompts.ts';
import type { PlannedStep } from './supervision.ts';
import { toolCallsIn } from './tool-calls.ts';
import { callKey, useTool, type ToolUse } from './tool-use.ts';
import type { Tools } from './tool.ts';
import type { TurnInput } from './turn-input.ts';

interface Options {
  readonly context: RunContext;
  readonly input: TurnInput;
  readonly tools: Tools;
  /** The conversation, trimmed. */
  readonly turns: readonly Turn[];
  readonly id: string;
  readonly step: PlannedStep;
  /** What was done in this turn before. */
  readonly before: readonly Contribution[];
  /** Calls that the run still makes at least, this step's first one with them. */
  readonly callsLeft: number;
}

const mostCalls = 6;

/** Tokens: of a step, of one of its calls, and the fewest that make an answer. */
const most = { step: 2_048, call: 1_024 };
const fewest = 16;

/** Tokens of an output that are kept with the answer. */
const mostKept = 200;

/** Shares of the window: what came before, and what tools gave. */
const shares = { before: 0.15, output: 0.1, work: 0.25 };

/** A specialist does a step: it talks, or uses tools until it does. A monitor stops it when it gets nowhere. */
export async function* specialistStep(options: Options): AsyncGenerator<Note, Contribution> {
  const { context, input, tools, turns, id, step, before, callsLeft } = options;
  const { window, cast, native } = input;
  const player = cast.specialists[step.specialist];
  const isNative = native.includes(player.model);
  const offered = input.tools.filter(({ policy }) => policy !== 'deny');
  const asked = stepPrompt(turns, step, completed(before), Math.floor(window * shares.before));
  const uses: ToolUse[] = [];
  const work: Turn[] = [];
  const keys = new Set<string>();
  let left = share(context, most.step, callsLeft);
  const ended = (state: StepState, content = ''): Contribution => ({
    ...{ step: id, ...step, model: player.model, content, state, tools: uses },
  });

  const question = (isLast: boolean): Question => {
    const withTools = offered.length > 0 && !isLast;
    const told = withTools && !isNative ? [toolsAsText(offered)] : [];
    const closing = offered.length > 0 && isLast ? [noMoreTools] : [];
    return {
      model: player.model,
      messages: [...told, ...asked, ...trimmedWork(work, window * shares.work), ...closing],
      label: { role: step.specialist, task: id },
      maxTokens: Math.min(most.call, left),
      temperature: 0.4,
      ...(withTools &&
        isNative && { tools: offered.map(({ name, description, parameters }) => ({ name, description, parameters })) }),
    };
  };

  for (let call = 1; call <= mostCalls; call++) {
    if (left < fewest) return ended('overran');
    const answer = await answerOf(context, `${id}.${call}`, question(call === mostCalls));
    if (!answer) return ended('failed');
    left -= answer.outputTokens;
    const calls = toolCallsIn(answer, input.tools);
    if (calls.length === 0 || call === mostCalls) return judged(answer, calls.length > 0, before, ended);
    work.push({ role: 'assistant', content: answer.text, ...(isNative && { toolCalls: calls }) });
    for (const [index, wanted] of calls.entries()) {
      const key = callKey(wanted);
      if (keys.has(key)) return ended('repeated');
      keys.add(key);
      const toolId = `${id}.${call}.tool.${index + 1}`;
      const use = await useTool({ context, id: toolId, call: wanted, offered: input.tools, tools });
      uses.push({ ...use, output: excerpt(use.output, mostKept) });
      yield { kind: 'tool', step: id, tool: use.tool, arguments: use.arguments, outcome: use.outcome };
      const output = fenced(`output-${use.outcome}`, excerpt(use.output, Math.floor(window * shares.output)));
      work.push(isNative ? { role: 'tool', toolName: use.tool, content: output } : { role: 'user', content: output });
    }
  }
  return ended('overran');
}

function judged(
  answer: Answer,
  asksForTools: boolean,
  before: readonly Contribution[],
  ended: (state: StepState, content?: string) => Contribution,
): Contribution {
  const text = withoutThinking(answer.text).trim();
  if (text === '' || asksForTools) return ended(asksForTools ? 'overran' : 'stalled');
  const previous = completed(before).at(-1);
  return previous && areSame(previous.content, text) ? ended('repeated') : ended('done', text);
}

async function answerOf(context: RunContext, id: string, question: Question): Promise<Answer | undefined> {
  try {
    return await context.ask(id, question).answer;
  } catch {
    // The engine has told of it.
    return undefined;
  }
}

/** The work of a step within so many tokens: outputs of tools go first, the oldest before the others. */
function trimmedWork(work: readonly Turn[], tokens: number): readonly Turn[] {
  let over = work.reduce((sum, { content }) => sum + tokensOf(content), 0) - tokens;
  return work.map((turn, index) => {
    if (over <= 0 || turn.role === 'assistant' || index === work.length - 1) return turn;
    over -= tokensOf(turn.content);
    return { ...turn, content: 'This was left out for room.' };
  });
}
