import { arrayOf, asFields, asString, asText, invalid, oneOf, type Fields, type Value } from '../json/fields.ts';
import type { Member } from '../json/spans.ts';
import { objectText } from '../json/text.ts';
import { asArguments } from '../openai/messages.ts';
import { textPart, type PartInit } from '../parts.ts';
import { asContent, contentText } from './content.ts';
import { readReasoning } from './sealed-reasoning.ts';

interface CalledTool {
  readonly index: number;
  readonly id: string;
  readonly name: string;
  readonly argumentsJson: string;
  readonly extraJson: string;
}

/** What an item adds to a conversation. */
export interface Turn {
  readonly role: string;
  readonly parts: PartInit[];
  readonly thinking: string;
  readonly toolCalls: CalledTool[];
  readonly toolCallId: string;
  readonly toolName: string;
  readonly extraJson: string;
}

export interface Item {
  readonly type: string;
  /** Empty: it has none yet. */
  readonly id: string;
  /** Its other fields. Fields that cannot change an answer are kept as they came. */
  readonly members: readonly Member[];
  readonly turn: Turn;
}

/** An item that is kept with a response. */
export interface ItemReference {
  readonly type: 'item_reference';
  readonly id: string;
  /** Of the reference, for messages. */
  readonly path: string;
}

/** An item as it is kept and shown. */
export function itemText({ members }: Item, id: string): string {
  return objectText([['id', JSON.stringify(id)], ...members]);
}

/** An element of `input`. */
export function asItem(value: Value): Item | ItemReference {
  const fields = asFields(value);
  const type = fields.take('type', asString) ?? 'message';
  const id = fields.take('id', asString) ?? '';
  switch (type) {
    case 'message':
      return { type, id, ...messageOf(fields) };
    case 'function_call':
      return { type, id, ...functionCallOf(fields) };
    case 'function_call_output':
      return { type, id, ...functionOutputOf(fields, value.path) };
    case 'reasoning':
      return { type, id, ...reasoningOf(fields) };
    case 'item_reference':
      if (id === '') throw invalid(`${value.path}.id`, `field "${value.path}.id" is required`);
      return { type, id, path: value.path };
    default:
      throw invalid(
        `${value.path}.type`,
        `items of type ${JSON.stringify(type)} are not supported; use "message", "function_call", ` +
          '"function_call_output", "reasoning" or "item_reference"',
      );
  }
}

const nothing: Turn = {
  role: 'assistant',
  parts: [],
  thinking: '',
  toolCalls: [],
  toolCallId: '',
  toolName: '',
  extraJson: '',
};

const completed: Member = ['status', '"completed"'];

const roles: Readonly<Record<string, string>> = {
  user: 'user',
  assistant: 'assistant',
  system: 'system',
  developer: 'system',
};

const asRole = oneOf(roles);

/** A message with one text, as the item it stands for. */
export function textItem(value: Value): Item {
  const members: Member[] = [
    ['type', '"message"'],
    completed,
    ['role', '"user"'],
    ['content', contentText(value, 'input_text')],
  ];
  return { type: 'message', id: '', members, turn: { ...nothing, role: 'user', parts: asContent(value) } };
}

/** What instructions add: they come first, and are no item. */
export function systemTurn(instructions: string): Turn {
  return { ...nothing, role: 'system', parts: [textPart(instructions)] };
}

function messageOf(fields: Fields) {
  const role = fields.need('role', (value) => ({ raw: value.raw, meant: asRole(value) }));
  const textType = role.meant === 'assistant' ? 'output_text' : 'input_text';
  const content = fields.need('content', (value) => ({ raw: contentText(value, textType), parts: asContent(value) }));
  const members: Member[] = [['type', '"message"'], statusOf(fields), ['role', role.raw], ['content', content.raw]];
  return { members, turn: { ...nothing, role: role.meant, parts: content.parts } };
}

function functionCallOf(fields: Fields) {
  const callId = fields.need('call_id', asString);
  const name = fields.need('name', asString);
  const called = fields.need('arguments', (value) => ({ raw: value.raw, json: asArguments(value) }));
  const members: Member[] = [
    ['type', '"function_call"'],
    statusOf(fields),
    ['arguments', called.raw],
    ['call_id', JSON.stringify(callId)],
    ['name', JSON.stringify(name)],
  ];
  const call = { index: 0, id: callId, name, argumentsJson: called.json, extraJson: '' };
  return { members, turn: { ...nothing, toolCalls: [call] } };
}

function functionOutputOf(fields: Fields, path: string) {
  const callId = fields.take('call_id', asString);
  if (callId === undefined) throw invalid(`${path}.call_id`, `field "${path}.call_id" is required`);
  const output = fields.need('output', (value) => ({ raw: value.raw, parts: asContent(value) }));
  const members: Member[] = [
    ['type', '"function_call_output"'],
    statusOf(fields),
    ['call_id', JSON.stringify(callId)],
    ['output', output.raw],
  ];
  return { members, turn: { ...nothing, role: 'tool', parts: output.parts, toolCallId: callId } };
}

/** The reasoning itself; where there is only what was sealed here, or a summary, that. */
function reasoningOf(fields: Fields) {
  const content = fields.take('content', textsOf);
  const summary = fields.take('summary', textsOf);
  const sealed = fields.take('encrypted_content', (value) => ({ raw: value.raw, value }));
  const thinking = content?.text || summary?.text || (sealed ? readReasoning(sealed.value) : '');
  const members: Member[] = [
    ['type', '"reasoning"'],
    ['summary', summary?.raw ?? '[]'],
    ...(content ? [['content', content.raw] as const] : []),
    ...(sealed ? [['encrypted_content', sealed.raw] as const] : []),
  ];
  return { members, turn: { ...nothing, thinking } };
}

function textsOf(value: Value): { raw: string; text: string } {
  const texts = arrayOf((part) => asFields(part).need('text', asString))(value);
  return { raw: value.raw, text: texts.join('\n') };
}

function statusOf(fields: Fields): Member {
  return ['status', fields.take('status', asText) ?? completed[1]];
}
