import type { Conversation } from '../connection/api.ts';
import { relative } from './format.ts';
import { oneLine } from './one-line.ts';
import { facts, table } from './table.ts';

const mostCharacters = 60;
const longestEffect = 300;

/** Conversations in a list. `now` in ms since 1970. */
export function conversationTable(conversations: readonly Conversation[], now: number): string {
  const rows = conversations.map(({ id, state, updatedAt, title }) => [
    ...[id, state, relative(updatedAt, now)],
    oneLine(title, mostCharacters),
  ]);
  return table(['ID', 'STATE', 'CHANGED', 'BEGAN WITH'], rows);
}

/** A conversation with all that was said, and what is asked now. */
export function conversationSheet(conversation: Conversation, now: number): string {
  const { id, state, messages, questions, tools, updatedAt } = conversation;
  const head = facts([
    ['state', state],
    ['changed', relative(updatedAt, now)],
    ['tools', tools.join(', ')],
  ]);
  const said = messages.map(({ role, specialist, model, content, error }) => {
    const speaker = [specialist ?? role, model && `(${model})`].filter(Boolean).join(' ');
    return `${speaker}: ${error ? `no answer: ${error.message}` : content}`;
  });
  return [`Conversation ${id}\n${head}`, ...said, ...questions.map((question) => questionText(id, question))].join(
    '\n\n',
  );
}

/** What is asked, what it is about, and how one answers. */
function questionText(id: string, { step, question }: Conversation['questions'][number]): string {
  const effect = question?.effect === undefined ? '' : `\n  ${oneLine(JSON.stringify(question.effect), longestEffect)}`;
  return `${step} asks: ${question?.prompt ?? ''}${effect}\n  tutti converse answer ${id} ${step} yes|no`;
}
