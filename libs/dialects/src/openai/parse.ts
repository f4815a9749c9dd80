import { create } from '@bufbuild/protobuf';
import type { Call } from '@tutti/core';
import { CallSchema } from '@tutti/proto/tutti/agent/v1/call';
import {
  arrayOf,
  asBoolean,
  asFields,
  asInteger,
  asString,
  asText,
  invalid,
  readBody,
  type Value,
} from '../json/fields.ts';
import { takeLogprobs } from '../ollama/request-fields.ts';
import { asTool } from '../ollama/tools.ts';
import { asResponseFormat } from './format.ts';
import { asMessage, withToolNames } from './messages.ts';
import { defaults, takeOptions } from './options.ts';

export interface ChatCompletionRequest {
  readonly call: Call;
  /** Whether the answer is wanted as events. */
  readonly stream: boolean;
  /** Whether the stream is to end with the counts of tokens. */
  readonly includeUsage: boolean;
}

interface ParseOptions {
  /** Leaves out OpenAI's defaults for temperature and top_p: somebody else chooses what the request does not set. */
  readonly withoutDefaults?: boolean;
}

/** Reads the body of POST /v1/chat/completions. Fields that nobody here knows go on in `call.extraJson`. */
export function parseChatCompletion(
  text: string,
  { withoutDefaults = false }: ParseOptions = {},
): ChatCompletionRequest {
  const fields = readBody(text);
  const model = fields.take('model', asString);
  if (model === undefined || model === '') throw invalid('model', 'model is required');
  const messages = fields.take('messages', arrayOf(asMessage)) ?? [];
  if (messages.length === 0) throw invalid('messages', "[] is too short - 'messages'");
  fields.take('n', refuseMany);
  const stream = fields.take('stream', asBoolean) ?? false;
  const includeUsage = fields.take('stream_options', asIncludeUsage) ?? false;
  const call = create(CallSchema, {
    dialect: 'openai',
    model,
    kind: {
      case: 'chat',
      value: {
        messages: withToolNames(messages),
        tools: fields.take('tools', arrayOf(asTool)) ?? [],
        toolChoiceJson: fields.take('tool_choice', asText) ?? '',
      },
    },
    ...takeOptions(fields, withoutDefaults ? [] : defaults),
    format: fields.take('response_format', asResponseFormat),
    logprobs: takeLogprobs(fields),
    extraJson: fields.rest(),
  });
  return { call, stream, includeUsage };
}

function refuseMany(value: Value): void {
  if (asInteger(value) !== 1)
    throw invalid(value.path, `n = ${value.raw} is not supported yet: leave it out, or send 1`);
}

function asIncludeUsage(value: Value): boolean {
  return asFields(value).take('include_usage', asBoolean) ?? false;
}
