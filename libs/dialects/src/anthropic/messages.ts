import type { MessageInitShape } from '@bufbuild/protobuf';
import type { MessageSchema, ToolCallSchema } from '@tutti/proto/tutti/agent/v1/call';
import { arrayOf, asFields, asObjectText, asString, invalid, kindOf, wrongKind, type Value } from '../json/fields.ts';
import { arrayText, objectText } from '../json/text.ts';
import { textPart, type PartInit } from '../parts.ts';
import { asTexts, asUserBlock, unsupported } from './blocks.ts';
import { ownSignature } from './thinking.ts';

type ToolCallInit = MessageInitShape<typeof ToolCallSchema>;
type MessageInit = MessageInitShape<typeof MessageSchema>;

/** `system`: a string, or blocks of text. */
export function asSystem(value: Value): MessageInit[] {
  const parts = asTexts(value);
  return parts.length === 0 ? [] : [{ role: 'system', parts }];
}

/** An element of `messages`, as turns: results of tools are turns of their own. */
export function asTurns(value: Value): MessageInit[] {
  const fields = asFields(value);
  const role = fields.need('role', asString);
  switch (role) {
    case 'user':
      return fields.need('content', asUserTurns);
    case 'assistant':
      return [fields.need('content', asAnswer)];
    case 'system':
      return fields.need('content', asSystem);
    default:
      throw invalid(`${value.path}.role`, `role must be "user", "assistant" or "system", got ${JSON.stringify(role)}`);
  }
}

function asUserTurns(value: Value): MessageInit[] {
  if (kindOf(value.raw) === 'string') return [{ role: 'user', parts: [textPart(asString(value))] }];
  const turns: MessageInit[] = [];
  let parts: PartInit[] = [];
  const say = (): void => {
    if (parts.length > 0) turns.push({ role: 'user', parts });
    parts = [];
  };
  for (const block of asBlocks(asUserBlock)(value)) {
    if ('part' in block) parts.push(block.part);
    else {
      say();
      turns.push(block.result);
    }
  }
  say();
  return turns;
}

function asBlocks<T>(read: (value: Value) => T): (value: Value) => T[] {
  return (value) => {
    if (kindOf(value.raw) !== 'array') throw wrongKind(value, 'a string or an array');
    return arrayOf(read)(value);
  };
}

/** What the model has said. Thoughts that another server has signed are kept as they came: only so it takes them back. */
function asAnswer(value: Value): MessageInit {
  if (kindOf(value.raw) === 'string') return { role: 'assistant', parts: [textPart(asString(value))] };
  const parts: PartInit[] = [];
  const thoughts: string[] = [];
  const signed: string[] = [];
  const toolCalls: ToolCallInit[] = [];
  asBlocks((block) => {
    const fields = asFields(block);
    const type = fields.need('type', asString);
    if (type === 'text') parts.push(textPart(fields.need('text', asString)));
    else if (type === 'thinking') {
      thoughts.push(fields.need('thinking', asString));
      if ((fields.take('signature', asString) ?? ownSignature) !== ownSignature) signed.push(block.raw);
    } else if (type === 'redacted_thinking') {
      fields.need('data', asString);
      signed.push(block.raw);
    } else if (type === 'tool_use') {
      const { length: index } = toolCalls;
      const argumentsJson = fields.need('input', asObjectText);
      toolCalls.push({ index, id: fields.need('id', asString), name: fields.need('name', asString), argumentsJson });
    } else throw unsupported(block, type, ['text', 'thinking', 'redacted_thinking', 'tool_use']);
  })(value);
  const extraJson = signed.length === 0 ? '' : objectText([['thinking_blocks', arrayText(signed)]]);
  return { role: 'assistant', parts, thinking: thoughts.join('\n\n'), toolCalls, extraJson };
}
