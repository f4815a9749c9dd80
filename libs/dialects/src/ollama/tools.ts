import type { MessageInitShape } from '@bufbuild/protobuf';
import type { Tool, ToolSchema } from '@tutti/proto/tutti/agent/v1/call';
import { asFields, asObjectText, asString, invalid, type Value } from '../json/fields.ts';
import { members } from '../json/spans.ts';
import { objectText } from '../json/text.ts';

type ToolInit = MessageInitShape<typeof ToolSchema>;

/** An element of `tools`; OpenAI's look the same. */
export function asTool(value: Value): ToolInit {
  const fields = asFields(value);
  expectFunction(fields.take('type', asString), value.path);
  return fields.need('function', asFunction);
}

/** What stands in `function`; in OpenAI's older `functions` it is an element. */
export function asFunction(value: Value): ToolInit {
  const fields = asFields(value);
  return {
    name: fields.need('name', asString),
    description: fields.take('description', asString) ?? '',
    parametersJson: fields.take('parameters', asObjectText) ?? '',
    extraJson: fields.rest(),
  };
}

/** Throws unless a tool's, or a tool call's, `type` is the only one there is. */
export function expectFunction(type: string | undefined, path: string): void {
  if (type === undefined || type === '' || type === 'function') return;
  throw invalid(`${path}.type`, `field "${path}.type" must be "function", got ${JSON.stringify(type)}`);
}

/** `withExtra`: whether the tool's unknown fields are in Ollama's words. */
export function toolText(tool: Tool, withExtra: boolean): string {
  const definition = objectText([
    ['name', JSON.stringify(tool.name)],
    ['description', tool.description === '' ? undefined : JSON.stringify(tool.description)],
    ['parameters', tool.parametersJson === '' ? undefined : tool.parametersJson],
    ...(withExtra && tool.extraJson !== '' ? members(tool.extraJson) : []),
  ]);
  return `{"type":"function","function":${definition}}`;
}
