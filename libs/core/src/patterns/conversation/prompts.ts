import { withUserText } from '../conversation.ts';
import { excerpt } from '../excerpt.ts';
import { fenced, fencedAreData } from '../fenced.ts';
import type { Role } from '../maestro/cast.ts';
import { crafts } from '../maestro/prompts.ts';
import type { Turn } from '../question.ts';
import { completed, type Contribution } from './contribution.ts';
import { mostSteps, type PlannedStep } from './supervision.ts';
import type { OfferedTool } from './tool.ts';

export function planPrompt(turns: readonly Turn[], tools: readonly OfferedTool[]): readonly Turn[] {
  const able = tools.length > 0 ? ` Specialists can use: ${named(tools)}.` : '';
  return withUserText(
    turns,
    `Do not answer this yet. Say as JSON which specialists work on it, at most ${mostSteps} steps, one after the other, ` +
      `as few as will do; no steps for small talk and what you know at once.${able}`,
  );
}

export function replanPrompt(
  turns: readonly Turn[],
  done: readonly Contribution[],
  stopped: Contribution,
  room: number,
) {
  const { specialist, instruction, state } = stopped;
  return withUserText(
    turns,
    `Do not answer this yet. Work on it has begun.\n${shown(completed(done), room)}\nThis step was stopped ` +
      `(${whyStopped[state]}): ${specialist}, ${instruction}\n\nPlan the rest in another way, as JSON: what is still ` +
      'missing, in as few steps as will do; none if nothing is.',
  );
}

export function stepPrompt(turns: readonly Turn[], step: PlannedStep, done: readonly Contribution[], room: number) {
  const before = done.length > 0 ? `\n\nWhat others did before you:\n${shown(done, room)}` : '';
  const part = `You do one part of this only; others do the rest. Your part: ${step.instruction}${before}`;
  return [craft(step.specialist), ...withUserText(turns, part)];
}

export function answerPrompt(turns: readonly Turn[], contributions: readonly Contribution[], room: number) {
  const done = completed(contributions);
  const missing =
    contributions.length > done.length ? ' Part of the work came to nothing; say so where it matters.' : '';
  if (done.length === 0) return missing === '' ? turns : withUserText(turns, missing.trim());
  return [
    system('You answer the user from the work of specialists.'),
    ...withUserText(turns, `Specialists worked on this:\n${shown(done, room)}\n\nAnswer the user from that.${missing}`),
  ];
}

export function summaryPrompt(summary: string, turns: readonly Turn[], room: number): readonly Turn[] {
  const said = turns.map(({ role, content }) => `${role}: ${content}`).join('\n');
  const before = summary === '' ? '' : `What was said before:\n${fenced('summary', summary)}\n\n`;
  const content = `${before}What was said since:\n${fenced('talk', excerpt(said, room))}\n\nWrite one summary of all of it: the user's goals, facts and wishes, what was decided, what is open. Nothing else.`;
  return [system('You keep the memory of a conversation.'), { role: 'user', content }];
}

/** How a model without functions of its own asks for a tool. */
export function toolsAsText(tools: readonly OfferedTool[]): Turn {
  const list = tools.map(
    ({ name, description, parameters }) => `${name}: ${description} ${JSON.stringify(parameters)}`,
  );
  return system(
    `You can use tools. To use one, answer with nothing but JSON like {"name": "...", "arguments": {...}}.\n${list.join('\n')}`,
  );
}

/** For the last call of a step. */
export const noMoreTools: Turn = { role: 'user', content: 'Do your part now with what you have; use no more tools.' };

const whyStopped: Readonly<Record<Contribution['state'], string>> = {
  done: 'it is done',
  stalled: 'it said nothing',
  repeated: 'it repeated itself',
  overran: 'it took too long',
  failed: 'its model failed',
};

function named(tools: readonly OfferedTool[]): string {
  return tools.map(({ name, description }) => `${name} (${description})`).join(', ');
}

function shown(done: readonly Contribution[], room: number): string {
  const tokens = Math.floor(room / Math.max(1, done.length));
  return done.map(({ specialist, content }) => fenced(specialist, excerpt(content, tokens))).join('\n');
}

function craft(role: Role): Turn {
  return system(crafts[role]);
}

function system(content: string): Turn {
  return { role: 'system', content: `${content} ${fencedAreData}` };
}
