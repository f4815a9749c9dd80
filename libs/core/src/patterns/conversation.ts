import { z } from 'zod';
import type { JsonObject } from './json.ts';
import type { Turn } from './question.ts';
import { readBody, refusedField } from './read-body.ts';

const call = z.object({ id: z.string().default(''), name: z.string().min(1), arguments: z.string() });

const turn = z.object({
  role: z.enum(['system', 'user', 'assistant', 'tool']),
  content: z.string().default(''),
  images: z.array(z.base64()).exactOptional(),
  toolCalls: z.array(call).exactOptional(),
  toolName: z.string().exactOptional(),
});

const fields = z.object({ query: z.string().optional(), messages: z.array(turn).max(10_000).optional() });

/** The conversation that a pattern is asked to go on with: `query` as one turn of the user, or `messages`. */
export function conversationOf(body: JsonObject): readonly Turn[] {
  const { query = '', messages = [] } = readBody(fields, body);
  const turns: readonly Turn[] = query.trim() === '' ? messages : [{ role: 'user', content: query }];
  if (turns.length === 0) throw refusedField('query', 'there is none; send "query", or "messages".');
  if (turns !== messages && messages.length > 0) throw refusedField('messages', 'send these or "query", not both.');
  if (!turns.some(asksSomething)) throw refusedField('messages', 'no turn of the user says anything.');
  return turns;
}

/** What the user said last, as text. */
export function lastUserText(turns: readonly Turn[]): string {
  return turns.findLast(({ role }) => role === 'user')?.content ?? '';
}

/** The conversation with more words after what the user said last, in the same turn: where a model reads them best. */
export function withUserText(turns: readonly Turn[], more: string): readonly Turn[] {
  const last = turns.findLastIndex(({ role }) => role === 'user');
  return turns.map((turn, index) => (index === last ? { ...turn, content: `${turn.content}\n\n${more}` } : turn));
}

/** What a model must be able to do to go on with it: "vision", if there are pictures. */
export function needsOf(turns: readonly Turn[]): readonly string[] {
  return turns.some(({ images = [] }) => images.length > 0) ? ['vision'] : [];
}

function asksSomething({ role, content, images = [] }: Turn): boolean {
  return role === 'user' && (content.trim() !== '' || images.length > 0);
}
