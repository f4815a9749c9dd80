import { create } from '@bufbuild/protobuf';
import { ClusterError, delta, type Call, type Chunk, type Context, type Generate, type Message } from '@tutti/core';
import { FormatSchema, MessageSchema, PartSchema, type Chat, type Tool } from '@tutti/proto/tutti/agent/v1/call';
import type { Logprob } from '@tutti/proto/tutti/agent/v1/chunk';
import { asFields, asObjectText, asString, invalid } from '../json/fields.ts';
import { parseJson } from '../json/parse.ts';
import { arrayText } from '../json/text.ts';
import { toolText } from '../ollama/tools.ts';
import { callSchema } from './call-schema.ts';

/**
 * Gives a backend the tool_choice that it lacks. "none": it is told of no tools. "required", or one function by name:
 * it is held to a JSON schema of a call, and what it writes comes out as that call.
 */
export function withToolChoice(next: Generate): Generate {
  return (call, context) => {
    if (call.kind.case !== 'chat' || call.kind.value.toolChoiceJson === '') return next(call, context);
    const chat = call.kind.value;
    const choice = JSON.parse(chat.toolChoiceJson) as unknown;
    if (choice === 'auto') return next(call, context);
    return choice === 'none' ? next(withChat(call, untold(chat)), context) : forced(next, call, context, chat, choice);
  };
}

/** Not before it is read: what cannot be forced is an error of the answer. */
async function* forced(
  next: Generate,
  call: Call,
  context: Context,
  chat: Chat,
  choice: unknown,
): AsyncGenerator<Chunk> {
  const callable = callableOf(choice, chat.tools);
  if (callable.length === 0) throw invalid('tool_choice', 'tool_choice asks for a function that is not there');
  const format = create(FormatSchema, {
    kind: { case: 'schemaJson', value: callSchema(callable) },
    name: 'call',
    strict: true,
  });
  const messages = instructed(chat.messages, callable);
  yield* asCalls(next({ ...withChat(call, { ...untold(chat), messages }), format }, context));
}

function untold(chat: Chat): Chat {
  return { ...chat, tools: [], toolChoiceJson: '' };
}

function withChat(call: Call, chat: Chat): Call {
  return { ...call, kind: { case: 'chat', value: chat } };
}

function callableOf(choice: unknown, tools: readonly Tool[]): readonly Tool[] {
  if (choice === 'required') return tools;
  const { function: named } = choice as { readonly function?: { readonly name?: unknown } };
  return tools.filter(({ name }) => name === named?.name);
}

/** The model sees what it can call, and how, at the end of what the system says. */
function instructed(messages: readonly Message[], callable: readonly Tool[]): Message[] {
  const offered = arrayText(callable.map((tool) => toolText(tool, false)));
  const text =
    'Answer by calling one function, and with nothing else: {"name": its name, "arguments": an object}. ' +
    `Functions: ${offered}`;
  const part = create(PartSchema, { kind: { case: 'text', value: text } });
  const [first, ...rest] = messages;
  if (first?.role !== 'system') return [create(MessageSchema, { role: 'system', parts: [part] }), ...messages];
  return [create(MessageSchema, { ...first, parts: [...first.parts, part] }), ...rest];
}

/** Thoughts pass as they come; the call comes when it is whole. One that was cut off is not told: it must not be made. */
async function* asCalls(chunks: AsyncIterable<Chunk>): AsyncGenerator<Chunk> {
  let text = '';
  const logprobs: Logprob[] = [];
  for await (const chunk of chunks) {
    const { kind } = chunk;
    if (kind.case === 'delta') {
      text += kind.value.text;
      logprobs.push(...kind.value.logprobs);
      if (kind.value.thinking !== '') yield delta({ thinking: kind.value.thinking });
      continue;
    }
    if (kind.case === 'done' && kind.value.reason !== 'length') yield delta({ toolCalls: [calledIn(text)], logprobs });
    yield chunk;
  }
}

function calledIn(text: string) {
  try {
    parseJson(text);
    const fields = asFields({ raw: text.trim(), path: '' });
    return { index: 0, name: fields.need('name', asString), argumentsJson: fields.need('arguments', asObjectText) };
  } catch (cause) {
    throw new ClusterError('bad_upstream', 'The model had to call a function and wrote something else.', { cause });
  }
}
