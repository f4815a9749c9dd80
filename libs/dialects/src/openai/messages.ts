import { ClusterError } from '@tutti/core';
import { arrayOf, asFields, asString, invalid, kindOf, type Fields, type Value } from '../json/fields.ts';
import { parseJson } from '../json/parse.ts';
import { expectFunction } from '../ollama/tools.ts';
import { asParts } from './parts.ts';

const roles: Readonly<Record<string, string>> = { developer: 'system', function: 'tool' };

/** An element of `messages`. The name of a tool's function is there only if it was given: see `withToolNames`. */
export function asMessage(value: Value) {
  const fields = asFields(value);
  const given = fields.need('role', asString).toLowerCase();
  const role = Object.hasOwn(roles, given) ? (roles[given] ?? given) : given;
  const thinking = fields.take('reasoning', asString);
  return {
    role,
    parts: (role === 'assistant' ? fields.take('content', asParts) : fields.need('content', asParts)) ?? [],
    thinking: fields.take('reasoning_content', asString) ?? thinking ?? '',
    toolCalls: takeCalls(fields),
    toolCallId: fields.take('tool_call_id', asString) ?? '',
    toolName: (role === 'tool' ? fields.take('name', asString) : undefined) ?? '',
    extraJson: fields.rest(),
  };
}

/** `tool_calls`, or the older `function_call`. */
function takeCalls(fields: Fields) {
  const older = fields.take('function_call', asFields);
  const calls = fields.take('tool_calls', arrayOf(asToolCall)) ?? [];
  return older ? [...calls, { index: calls.length, id: '', extraJson: '', ...takeCalled(older) }] : calls;
}

function asToolCall(value: Value, index: number) {
  const fields = asFields(value);
  fields.take('index', () => undefined);
  expectFunction(fields.take('type', asString), value.path);
  const called = fields.need('function', asFields);
  return { index, id: fields.take('id', asString) ?? '', ...takeCalled(called), extraJson: fields.rest() };
}

function takeCalled(fields: Fields) {
  return { name: fields.need('name', asString), argumentsJson: fields.take('arguments', asArguments) ?? '{}' };
}

/** A string that holds a JSON object; models that pass no arguments may leave it empty. */
export function asArguments(value: Value): string {
  const text = asString(value).trim();
  if (text === '') return '{}';
  try {
    parseJson(text);
  } catch (cause) {
    throw invalid(value.path, `field "${value.path}": ${ClusterError.from(cause).message}`);
  }
  if (kindOf(text) === 'object') return text;
  throw invalid(value.path, `field "${value.path}" must hold a JSON object, got ${kindOf(text)}`);
}
