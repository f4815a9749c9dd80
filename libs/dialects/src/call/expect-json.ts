import { ClusterError, type Call, type Message } from '@tutti/core';
import type { Chat } from '@tutti/proto/tutti/agent/v1/call';
import { asFields, asObjectText, invalid, kindOf, type Value } from '../json/fields.ts';
import { parseJson } from '../json/parse.ts';
import { asOptions } from '../ollama/options.ts';
import { asToolChoiceWord } from '../openai/tools.ts';

/**
 * Throws `invalid_request` unless each field of a call that holds JSON holds one value of its kind, and whatever else
 * becomes JSON can. Texts that come as part of a whole have been parsed with it; those of a call that somebody sends as
 * such go into the requests of backends as they are, where half a value would say more than it may.
 */
export function expectJson(call: Call): void {
  const { kind, format, optionsJson, extraJson, dialect, keepAliveMs = 0 } = call;
  if (!dialects.has(dialect)) {
    throw invalid('dialect', `dialect must be "ollama" or "openai", got ${JSON.stringify(dialect.slice(0, 40))}`);
  }
  if (!Number.isFinite(keepAliveMs)) throw invalid('keepAliveMs', `keepAliveMs must be a number, got ${keepAliveMs}`);
  expectText(optionsJson, 'optionsJson', asOptions);
  expectText(extraJson, 'extraJson');
  if (format?.kind.case === 'schemaJson') expectWhole(format.kind.value, 'format.schemaJson');
  if (kind.case === 'chat') expectChat(kind.value);
}

const dialects: ReadonlySet<string> = new Set(['', 'ollama', 'openai']);

function expectChat({ messages, tools, toolChoiceJson }: Chat): void {
  messages.forEach((message, at) => expectMessage(message, `chat.messages[${at}]`));
  tools.forEach(({ parametersJson, extraJson }, at) => {
    expectText(parametersJson, `chat.tools[${at}].parametersJson`);
    expectText(extraJson, `chat.tools[${at}].extraJson`);
  });
  expectText(toolChoiceJson, 'chat.toolChoiceJson', expectToolChoice);
}

function expectMessage({ toolCalls, extraJson }: Message, path: string): void {
  expectText(extraJson, `${path}.extraJson`);
  toolCalls.forEach((call, at) => {
    expectText(call.argumentsJson, `${path}.toolCalls[${at}].argumentsJson`);
    expectText(call.extraJson, `${path}.toolCalls[${at}].extraJson`);
  });
}

function expectToolChoice(value: Value): void {
  if (kindOf(value.raw) === 'string') asToolChoiceWord(value);
  else asFields(value);
}

/** As `expectWhole`, for a field that may be empty. */
function expectText(text: string, path: string, read?: (value: Value) => unknown): void {
  if (text !== '') expectWhole(text, path, read);
}

function expectWhole(text: string, path: string, read: (value: Value) => unknown = asObjectText): void {
  try {
    parseJson(text);
  } catch (cause) {
    throw invalid(path, `field "${path}": ${ClusterError.from(cause).message}`);
  }
  read({ raw: text, path });
}
