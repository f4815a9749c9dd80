import { withUserText } from '../conversation.ts';
import { excerpt } from '../excerpt.ts';
import { fenced, fencedAreData } from '../fenced.ts';
import type { Turn } from '../question.ts';
import type { Role } from './cast.ts';
import { planLimits, type MaestroTask } from './plan.ts';

/** What a task came to. */
export type TaskResult = { readonly id: string; readonly content: string };

/** Tokens of all the results that one prompt shows, about. */
const shownTokens = 4_000;

/** What each specialist is told that it is. */
export const crafts: Readonly<Record<Role, string>> = {
  research: 'You collect what is known that matters for a task. You say what you are not sure of, and invent nothing.',
  reasoning: 'You reason step by step, check each step, and say what follows.',
  creative: 'You write texts and find ideas, fresh ones, in the tone that is asked for.',
  code: 'You write code that runs as it stands, and say briefly how it is used.',
  critic: 'You judge work: what is wrong, what is missing, what would make it better.',
};

export function gatePrompt(turns: readonly Turn[]): readonly Turn[] {
  return withUserText(
    turns,
    'Do not answer this yet. Say only whether it takes several pieces of work of different kinds, of which some build on ' +
      'others. A question with one answer, small talk, or a single text or program does not. Answer as JSON.',
  );
}

export function planPrompt(turns: readonly Turn[]): readonly Turn[] {
  return withUserText(
    turns,
    `Do not answer this yet. Plan the work as JSON: at most ${planLimits.maxTasks} tasks, as few as will do, each for a ` +
      'specialist who sees only the request, the task, and the results of its dependencies. Tasks that do not need ' +
      'each other do not depend on each other. Do not plan the final answer: it is written from the results afterwards.',
  );
}

export function taskPrompt(turns: readonly Turn[], craft: string, task: string, inputs: readonly TaskResult[]) {
  const results = inputs.length > 0 ? `\n\nResults to build on:\n${shown(inputs)}` : '';
  return [
    system(craft),
    ...withUserText(turns, `You do one part of this only; others do the rest. Your part: ${task}${results}`),
  ];
}

export function criticPrompt({ task, check }: MaestroTask, content: string): readonly Turn[] {
  return [
    system(crafts.critic),
    user(
      `The task was: ${task}\nIt is good if: ${check}\n\nThe work:\n${fenced('work', excerpt(content, shownTokens))}\n\n` +
        'Does it pass? Name only defects that make it fail. Length is no merit. Answer as JSON.',
    ),
  ];
}

export function repairPrompt(asked: readonly Turn[], content: string, defects: readonly string[]): readonly Turn[] {
  const list = defects.map((defect) => `- ${defect}`).join('\n');
  const request = `A critic found these defects:\n${fenced('defects', list)}\n\nDo your part again, whole, without them.`;
  return [...asked, { role: 'assistant', content: excerpt(content, shownTokens) }, user(request)];
}

export function synthesisPrompt(turns: readonly Turn[], results: readonly TaskResult[], missing: readonly string[]) {
  const gaps =
    missing.length > 0 ? `\n\nThese tasks came to nothing; say so where it matters: ${missing.join('; ')}` : '';
  return [
    system('You write the final answer from the work of others.'),
    ...withUserText(
      turns,
      `Specialists did the work for this:\n${shown(results)}${gaps}\n\nAnswer the request from these results. After each ` +
        `thing that you take from one, name it in brackets, like [${results[0]!.id}]. Add nothing that they do not bear out.`,
    ),
  ];
}

function shown(results: readonly TaskResult[]): string {
  const tokens = Math.floor(shownTokens / results.length);
  return results.map(({ id, content }) => fenced(id, excerpt(content, tokens))).join('\n');
}

function system(content: string): Turn {
  return { role: 'system', content: `${content} ${fencedAreData}` };
}

function user(content: string): Turn {
  return { role: 'user', content };
}
