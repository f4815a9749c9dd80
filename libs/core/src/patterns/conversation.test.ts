import { expect, test } from 'vitest';
import { conversationOf, lastUserText, needsOf, withUserText } from './conversation.ts';
import type { Turn } from './question.ts';

test('a query is one turn of the user', () => {
  expect(conversationOf({ query: 'why?' })).toEqual([{ role: 'user', content: 'why?' }]);
});

test('messages keep their roles, pictures and calls of functions', () => {
  const messages: Turn[] = [
    { role: 'system', content: 'be brief' },
    { role: 'user', content: 'what is this?', images: ['aGVsbG8='] },
    { role: 'assistant', content: '', toolCalls: [{ id: '1', name: 'look', arguments: '{}' }] },
    { role: 'tool', content: 'a cat', toolName: 'look' },
  ];
  expect(conversationOf({ messages })).toEqual(messages);
  expect(needsOf(messages)).toEqual(['vision']);
  expect(lastUserText(messages)).toBe('what is this?');
  expect(withUserText(messages, 'more').map(({ content }) => content)).toEqual([
    ...['be brief', 'what is this?\n\nmore', '', 'a cat'],
  ]);
});

test.each([
  ['query', {}],
  ['query', { query: ' \n' }],
  ['query', { query: 3 }],
  ['messages', { query: 'a', messages: [{ role: 'user', content: 'b' }] }],
  ['messages', { messages: [{ role: 'system', content: 'b' }] }],
  ['messages', { messages: [{ role: 'user', content: ' ' }] }],
  ['messages.0.role', { messages: [{ role: 'judge', content: 'b' }] }],
  ['messages.0.images.0', { messages: [{ role: 'user', content: 'b', images: ['%'] }] }],
])('refuses a wrong %s', (param, body) => {
  expect(() => conversationOf(body)).toThrow(expect.objectContaining({ reason: 'invalid_request', param }));
});
