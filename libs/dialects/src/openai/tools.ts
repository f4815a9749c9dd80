import type { MessageInitShape } from '@bufbuild/protobuf';
import type { ToolSchema } from '@tutti/proto/tutti/agent/v1/call';
import { arrayOf, asFields, asString, invalid, kindOf, oneOf, type Fields, type Value } from '../json/fields.ts';
import { asFunction, asTool, expectFunction } from '../ollama/tools.ts';
import { functionChoice } from '../tool-choice/function-choice.ts';

type ToolInit = MessageInitShape<typeof ToolSchema>;

interface Offer {
  readonly tools: ToolInit[];
  /** "" for the model's own choice, `"none"`, `"required"`, or the text of the one function that must be called. */
  readonly toolChoiceJson: string;
  /** Whether the tools came as `functions`, so that the answer has to name a call in the same words. */
  readonly legacyFunctions: boolean;
}

/** Takes what says which functions the model may call: `tools` and `tool_choice`, or the older `functions`. */
export function takeTools(fields: Fields): Offer {
  const functions = fields.take('functions', arrayOf(asFunction));
  const functionCall = fields.take('function_call', asFunctionCall);
  const tools = fields.take('tools', arrayOf(asTool));
  const choice = fields.take('tool_choice', asToolChoice);
  if (functions && tools) throw invalid('functions', 'functions is the older name of tools; send one of them');
  const offered = tools ?? functions ?? [];
  const param = choice ? 'tool_choice' : 'function_call';
  const { json = '', allowed } = choice ?? functionCall ?? {};
  const named = allowed ?? [];
  const unknown = named.find((name) => !offered.some((tool) => tool.name === name));
  if (unknown !== undefined) throw invalid(param, `${param} names "${unknown}", which is none of the tools`);
  if (json !== '' && json !== '"none"' && offered.length === 0) {
    throw invalid(param, `${param} is only allowed when tools are specified`);
  }
  return {
    // Whoever names the one that must be called leaves the others there, for the model to know of.
    tools: choice?.narrows ? offered.filter(({ name = '' }) => named.includes(name)) : offered,
    toolChoiceJson: json,
    legacyFunctions: functions !== undefined,
  };
}

interface Choice {
  readonly json: string;
  /** Names of the functions that it speaks of. */
  readonly allowed?: readonly string[];
  /** Whether the others may not be called. */
  readonly narrows?: boolean;
}

/** The words of `tool_choice`, as Call.toolChoiceJson has them. */
export const asToolChoiceWord = oneOf({ auto: '', none: '"none"', required: '"required"' });

function asToolChoice(value: Value): Choice {
  if (kindOf(value.raw) === 'string') return { json: asToolChoiceWord(value) };
  const fields = asFields(value);
  const type = fields.need('type', asString);
  if (type === 'function') return { json: value.raw, allowed: [fields.need('function', asName)] };
  if (type === 'allowed_tools') return fields.need('allowed_tools', asAllowedTools);
  const path = `${value.path}.type`;
  throw invalid(path, `field "${path}" must be "function" or "allowed_tools", got ${JSON.stringify(type)}`);
}

function asAllowedTools(value: Value): Choice {
  const fields = asFields(value);
  const json = fields.take('mode', oneOf({ auto: '', required: '"required"' })) ?? '';
  return { json, allowed: fields.need('tools', arrayOf(asNamedTool)), narrows: true };
}

function asNamedTool(value: Value): string {
  const fields = asFields(value);
  expectFunction(fields.take('type', asString), value.path);
  return fields.need('function', asName);
}

function asName(value: Value): string {
  return asFields(value).need('name', asString);
}

function asFunctionCall(value: Value): Choice {
  if (kindOf(value.raw) === 'string') return { json: oneOf({ auto: '', none: '"none"' })(value) };
  const name = asName(value);
  return { json: functionChoice(name), allowed: [name] };
}
