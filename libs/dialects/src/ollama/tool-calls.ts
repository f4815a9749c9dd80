import type { MessageInitShape } from '@bufbuild/protobuf';
import type { ToolCall, ToolCallSchema } from '@tutti/proto/tutti/agent/v1/call';
import { asCount, asFields, asObjectText, asString, type Value } from '../json/fields.ts';
import { members } from '../json/spans.ts';
import { arrayText, moreMembers } from '../json/text.ts';
import { expectFunction } from './tools.ts';

/** An element of `message.tool_calls`. `position` is its index if it has none of its own. */
export function asToolCall(value: Value, position: number): MessageInitShape<typeof ToolCallSchema> {
  const fields = asFields(value);
  expectFunction(fields.take('type', asString), value.path);
  const called = fields.need('function', asFields);
  return {
    index: called.take('index', asCount) ?? position,
    id: fields.take('id', asString) ?? '',
    name: called.need('name', asString),
    argumentsJson: called.take('arguments', asObjectText) ?? '{}',
    extraJson: fields.rest(),
  };
}

/** `tool_calls` as text. `withExtra`: whether the calls' unknown fields are in Ollama's words. */
export function toolCallsText(calls: readonly ToolCall[], withExtra: boolean): string {
  return arrayText(calls.map((call) => toolCallText(call, withExtra)));
}

function toolCallText(call: ToolCall, withExtra: boolean): string {
  const id = call.id === '' ? '' : `"id":${JSON.stringify(call.id)},`;
  const extra = withExtra && call.extraJson !== '' ? moreMembers(members(call.extraJson)) : '';
  const called = `{"index":${call.index},"name":${JSON.stringify(call.name)},"arguments":${call.argumentsJson || '{}'}}`;
  return `{${id}"function":${called}${extra}}`;
}
