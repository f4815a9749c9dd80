import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { CallSchema } from '@tutti/proto/tutti/agent/v1/call';
import { expect, it } from 'vitest';
import { taskOf, taskOfText } from './task-of.ts';

const callOf = (init: MessageInitShape<typeof CallSchema>) => create(CallSchema, init);

const turn = (role: string, value: string) => ({ role, parts: [{ kind: { case: 'text' as const, value } }] });

const poem = 'Write a poem about a lonely mountain.';
const sum = 'What is 12 * 9 + 5?';

it.each([
  [poem, 'creative'],
  [sum, 'math'],
  ['Who was the first king of Norway?', 'facts'],
  ['Extract all dates from the following text: "She came on 3 May and left on 9 June."', 'extraction'],
  ['Write a Python function that sorts a list of tuples.', 'code'],
  ['Hello! How are you?', 'chat'],
])('%s', (text, task) => expect(taskOfText(text)).toBe(task));

it('goes by the last question of a conversation', () => {
  const messages = [turn('system', sum), turn('user', sum), turn('assistant', '113'), turn('user', poem)];
  expect(taskOf(callOf({ kind: { case: 'chat', value: { messages } } }))).toBe('creative');
  expect(taskOf(callOf({ kind: { case: 'completion', value: { prompt: sum } } }))).toBe('math');
});

it.each([
  ['embeddings', callOf({ kind: { case: 'embed', value: { inputs: [poem] } } })],
  ['the loading of a model', callOf({ kind: { case: 'chat', value: {} } })],
  ['a conversation without a question', callOf({ kind: { case: 'chat', value: { messages: [turn('system', 'x')] } } })],
])('has no task for %s', (_, call) => expect(taskOf(call)).toBeUndefined());

it('reads the beginning and the end of what is long', () => {
  const text = `${sum.repeat(60)} ${poem.repeat(200)} ${sum.repeat(60)}`;
  expect(taskOfText(text)).toBe('math');
  expect(taskOfText(poem.repeat(200))).toBe('creative');
});
