import type { MessageInitShape } from '@bufbuild/protobuf';
import type { ToolSchema } from '@tutti/proto/tutti/agent/v1/call';
import {
  arrayOf,
  asBoolean,
  asFields,
  asObjectText,
  asString,
  invalid,
  type Fields,
  type Value,
} from '../json/fields.ts';
import { functionChoice } from '../tool-choice/function-choice.ts';

type ToolInit = MessageInitShape<typeof ToolSchema>;

/** An element of `tools`. Those that Anthropic runs itself, or has trained its models on, are refused by name. */
function asTool(value: Value): ToolInit {
  const fields = asFields(value);
  const type = fields.take('type', asString) ?? 'custom';
  if (type !== 'custom') {
    throw invalid(
      `${value.path}.type`,
      `tools of type ${JSON.stringify(type)} are not supported; give a tool of your own, with an input_schema`,
    );
  }
  return {
    name: fields.need('name', asString),
    description: fields.take('description', asString) ?? '',
    parametersJson: fields.need('input_schema', asObjectText),
    extraJson: fields.rest(),
  };
}

interface ToolChoice {
  /** As Call has it; "" for the model's own choice. */
  readonly json: string;
  /** Whether one tool may be asked for at most. */
  readonly oneToolCall: boolean;
  /** Name of the one that must be asked for. */
  readonly tool?: string;
}

/** Takes what says which tools the model may ask for. */
export function takeTools(fields: Fields) {
  const tools = fields.take('tools', arrayOf(asTool)) ?? [];
  const { json = '', oneToolCall = false, tool } = fields.take('tool_choice', asToolChoice) ?? {};
  if (tools.length === 0 && json !== '' && json !== '"none"') {
    throw invalid('tool_choice', 'tool_choice may only be given while providing tools');
  }
  if (tool !== undefined && !tools.some(({ name }) => name === tool)) {
    throw invalid('tool_choice', `tool_choice names "${tool}", which is none of the tools`);
  }
  return { tools, toolChoiceJson: json, oneToolCall };
}

function asToolChoice(value: Value): ToolChoice {
  const fields = asFields(value);
  const type = fields.need('type', asString);
  const oneToolCall = fields.take('disable_parallel_tool_use', asBoolean) ?? false;
  switch (type) {
    case 'auto':
      return { json: '', oneToolCall };
    case 'none':
      return { json: '"none"', oneToolCall };
    case 'any':
      return { json: '"required"', oneToolCall };
    case 'tool': {
      const tool = fields.need('name', asString);
      return { json: functionChoice(tool), oneToolCall, tool };
    }
    default:
      throw invalid(
        `${value.path}.type`,
        `tool_choice must be of type "auto", "any", "tool" or "none", got ${JSON.stringify(type)}`,
      );
  }
}
