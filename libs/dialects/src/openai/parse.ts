import { create } from '@bufbuild/protobuf';
import type { Call } from '@tutti/core';
import { CallSchema } from '@tutti/proto/tutti/agent/v1/call';
import { arrayOf, asBoolean, invalid, readBody, type Fields } from '../json/fields.ts';
import { takeModel } from '../model-field.ts';
import { takeLogprobs } from '../ollama/request-fields.ts';
import { withToolNames } from '../tool-names.ts';
import { asChoiceCount } from './choice-count.ts';
import { asResponseFormat } from './format.ts';
import { asMessage } from './messages.ts';
import { defaults, takeOptions } from './options.ts';
import { asServiceTier, type ServiceTier } from './service-tier.ts';
import { takeTools } from './tools.ts';
import { asIncludeUsage, refuseUnsupported } from './unsupported.ts';

export interface ChatCompletionRequest {
  readonly call: Call;
  /** Whether the answer is wanted as events. */
  readonly stream: boolean;
  /** Whether the stream is to end with the counts of tokens. */
  readonly includeUsage: boolean;
  /** How many answers are wanted; `callOfChoice` makes the call for each. */
  readonly count: number;
  /** Absent: none was named. */
  readonly serviceTier?: ServiceTier | undefined;
  /** Whether at most one tool call is wanted. */
  readonly oneToolCall: boolean;
  /** Whether a call is to be told as `function_call`. */
  readonly legacyFunctions: boolean;
}

export interface ParseOptions {
  /** Leaves out OpenAI's defaults for temperature and top_p: somebody else chooses what the request does not set. */
  readonly withoutDefaults?: boolean;
}

/** Reads the body of POST /v1/chat/completions. Fields that nobody here knows go on in `call.extraJson`. */
export function parseChatCompletion(
  text: string,
  { withoutDefaults = false }: ParseOptions = {},
): ChatCompletionRequest {
  const fields = readBody(text);
  const model = takeModel(fields);
  const messages = fields.take('messages', arrayOf(asMessage)) ?? [];
  if (messages.length === 0) throw invalid('messages', "[] is too short - 'messages'");
  const count = fields.take('n', asChoiceCount) ?? 1;
  const stream = fields.take('stream', asBoolean) ?? false;
  const includeUsage = fields.take('stream_options', asIncludeUsage) ?? false;
  const serviceTier = fields.take('service_tier', asServiceTier);
  // A backend that knows this one keeps to it as well.
  const oneToolCall = fields.look('parallel_tool_calls', asBoolean) === false;
  const { legacyFunctions, ...offer } = takeTools(fields);
  refuseUnsupported(fields);
  const call = create(CallSchema, {
    dialect: 'openai',
    model,
    kind: { case: 'chat', value: { messages: withToolNames(messages), ...offer } },
    ...takeOptions(fields, withoutDefaults ? [] : defaults),
    format: fields.take('response_format', asResponseFormat),
    logprobs: takeChatLogprobs(fields),
    extraJson: fields.rest(),
  });
  return { call, stream, includeUsage, count, serviceTier, oneToolCall, legacyFunctions };
}

function takeChatLogprobs(fields: Fields): number | undefined {
  const alternatives = fields.look('top_logprobs', ({ path }) => path);
  const wanted = takeLogprobs(fields);
  if (wanted === undefined && alternatives !== undefined) {
    throw invalid(alternatives, 'top_logprobs is only allowed when logprobs is true');
  }
  return wanted;
}
