import { withUserText } from '../conversation.ts';
import { excerpt } from '../excerpt.ts';
import { fenced, fencedAreData } from '../fenced.ts';
import type { RunContext } from '../pattern.ts';
import type { Answer, Turn } from '../question.ts';
import { said } from '../said.ts';
import type { Judge } from './input.ts';

interface Options {
  readonly writer: Judge;
  readonly messages: readonly Turn[];
  readonly references: readonly string[];
  readonly maxTokens: number;
}

const task =
  'Above are answers of several models to this. Write the one best answer. Keep what is right and useful, leave out what ' +
  'is wrong, and where they contradict each other, decide by what can be checked. Add no fact that none of them has. ' +
  'Write as if you answered for the first time: do not speak of the answers or of the models.';

/** Tokens of all references together; of a small context, half. */
const mostTokens = 8_000;

/**
 * Writes one answer from several, aloud. They stand in the turn of the user: what stands in the system message is lost
 * first when a backend cuts a conversation to its context.
 */
export function synthesis(options: Options, context: RunContext): Promise<Answer> {
  const { writer, messages, references, maxTokens } = options;
  const { model, contextLength } = writer;
  const room = contextLength > 0 ? Math.min(mostTokens, contextLength / 2) : mostTokens;
  const bound = Math.floor(room / references.length);
  const texts = references.map((text, index) => fenced(`answer-${index + 1}`, excerpt(text, bound)));
  return said(context, 'synthesis', {
    ...{ model, label: { role: 'synthesis' }, voice: 'answer' },
    messages: withUserText(messages, [fencedAreData, ...texts, task].join('\n\n')),
    maxTokens: Math.min(2 * maxTokens, context.allowance(1)),
  });
}
