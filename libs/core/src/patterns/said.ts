import { ClusterError } from '../error.ts';
import { withoutThinking } from './json-in.ts';
import type { RunContext } from './pattern.ts';
import type { Player } from './player.ts';
import type { Answer, Question } from './question.ts';

/** Asks a model for words; rejects when it says none. */
export async function said(context: RunContext, id: string, question: Question): Promise<Answer> {
  const answer = await context.ask(id, question).answer;
  const text = withoutThinking(answer.text).trim();
  if (text === '') {
    const message = `${id}: ${question.model} said nothing`;
    context.degraded(message);
    throw new ClusterError('bad_upstream', `${message}.`);
  }
  return { ...answer, text };
}

/** Asks the first; if it fails, the second, unless that is the same model. */
export async function saidByEither(
  context: RunContext,
  id: string,
  [first, second]: readonly [Player, Player],
  question: () => Omit<Question, 'model'>,
): Promise<Answer> {
  try {
    return await said(context, id, { ...question(), model: first.model });
  } catch (thrown) {
    if (second.model === first.model) throw thrown;
    return said(context, `${id}.again`, { ...question(), model: second.model });
  }
}
