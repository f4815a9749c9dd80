import { create } from '@bufbuild/protobuf';
import type { Call } from '@tutti/core';
import { CallSchema } from '@tutti/proto/tutti/agent/v1/call';
import { arrayOf, asBoolean, asCount, invalid, readBody, type Fields } from '../json/fields.ts';
import { takeModel } from '../model-field.ts';
import { withToolNames } from '../tool-names.ts';
import { takeUnknown } from './kept-fields.ts';
import { asSystem, asTurns } from './messages.ts';
import { takeOptions } from './options.ts';
import { takeOutputConfig } from './output-config.ts';
import { takeThinking } from './thinking.ts';
import { takeTools } from './tools.ts';

export interface MessagesRequest {
  readonly call: Call;
  /** Whether the answer is wanted as events. */
  readonly stream: boolean;
  /** Whether the answer may ask for one tool at most. */
  readonly oneToolCall: boolean;
  /** Whether `call.think` only allows the model to think. */
  readonly permitsThinking: boolean;
  /** Whether the client does not want to read what the model thinks. */
  readonly hidesThinking: boolean;
}

interface ParseOptions {
  /** Header `anthropic-beta`: with it, fields that nobody here knows are taken, and go on to a server that may know them. */
  readonly beta?: string | undefined;
}

/** Reads the body of POST /v1/messages. */
export function parseMessages(text: string, { beta }: ParseOptions = {}): MessagesRequest {
  const fields = readBody(text);
  const maxTokens = fields.need('max_tokens', asCount);
  if (maxTokens === 0) {
    throw invalid('max_tokens', 'max_tokens must be at least 1: filling a cache without an answer is not supported');
  }
  const stream = fields.take('stream', asBoolean) ?? false;
  return { ...readQuestion(fields, maxTokens, beta), stream };
}

/** Reads the body of POST /v1/messages/count_tokens: the same, in which what is about the answer changes nothing. */
export function parseCountTokens(text: string, { beta }: ParseOptions = {}): Call {
  const fields = readBody(text);
  fields.take('stream', asBoolean);
  return readQuestion(fields, fields.take('max_tokens', asCount), beta).call;
}

function readQuestion(
  fields: Fields,
  maxTokens: number | undefined,
  beta: string | undefined,
): Omit<MessagesRequest, 'stream'> {
  const model = takeModel(fields);
  const system = fields.take('system', asSystem) ?? [];
  const turns = (fields.take('messages', arrayOf(asTurns)) ?? []).flat();
  if (turns.length === 0) throw invalid('messages', 'messages: at least one message is required');
  const { oneToolCall, ...offer } = takeTools(fields);
  const output = takeOutputConfig(fields);
  const { think, thinkingJson, ...thinking } = takeThinking(fields, maxTokens, output.effort);
  const call = create(CallSchema, {
    dialect: 'anthropic',
    model,
    kind: {
      case: 'chat',
      value: { messages: [...system, ...withToolNames(turns)], ...offer },
    },
    ...takeOptions(fields, maxTokens),
    think,
    format: output.format,
    extraJson: takeUnknown(fields, beta, [
      ['thinking', thinkingJson],
      ['output_config', output.restJson],
    ]),
  });
  return { call, oneToolCall, ...thinking };
}
