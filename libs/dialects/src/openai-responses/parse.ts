import { create } from '@bufbuild/protobuf';
import type { Call } from '@tutti/core';
import { CallSchema, ChatSchema } from '@tutti/proto/tutti/agent/v1/call';
import {
  arrayOf,
  asBoolean,
  asCount,
  asInteger,
  asObjectText,
  asString,
  invalid,
  kindOf,
  readBody,
  type Fields,
  type Value,
} from '../json/fields.ts';
import { members, type Member } from '../json/spans.ts';
import { takeModel } from '../model-field.ts';
import { defaults, takeOptions } from '../openai/options.ts';
import { asServiceTier, type ServiceTier } from '../openai/service-tier.ts';
import { messagesOf } from './conversation.ts';
import { echoOf } from './echo.ts';
import { asInclude } from './include.ts';
import { asItem, systemTurn, textItem, type Item, type ItemReference } from './items.ts';
import { asReasoning } from './reasoning.ts';
import { refuseRest } from './refused.ts';
import { asTextSettings } from './text-settings.ts';
import { asFunctionTool, chosenTools, type Offer } from './tools.ts';

export interface ResponseRequest {
  /** What is asked, less the conversation: see `withConversation`. */
  readonly call: Call;
  readonly input: readonly (Item | ItemReference)[];
  /** Empty: there are none. */
  readonly instructions: string;
  /** Undefined: it begins a conversation. */
  readonly previousResponseId: string | undefined;
  /** Whether the answer is wanted as events. */
  readonly stream: boolean;
  /** Undefined: not said. */
  readonly store: boolean | undefined;
  /** Undefined: none was named. */
  readonly serviceTier: ServiceTier | undefined;
  /** Whether at most one tool call is wanted. */
  readonly oneToolCall: boolean;
  readonly shape: ResponseShape;
}

/** What a request says of how its answer is told. */
export interface ResponseShape {
  /** What the answer repeats of the request. */
  readonly echo: readonly Member[];
  readonly serviceTier: ServiceTier['name'];
  /** Whether the reasoning is to be told as a summary. */
  readonly summary: boolean;
  /** Whether the reasoning is to be told in a form to hand back as well. */
  readonly sealed: boolean;
}

interface ParseOptions {
  /** Leaves out OpenAI's defaults for temperature and top_p: somebody else chooses what the request does not set. */
  readonly withoutDefaults?: boolean;
}

/** Reads the body of POST /v1/responses. */
export function parseResponseRequest(text: string, { withoutDefaults = false }: ParseOptions = {}): ResponseRequest {
  const fields = readBody(text);
  const model = takeModel(fields);
  const echo = echoOf(fields, withoutDefaults);
  const previousResponseId = fields.take('previous_response_id', asString);
  const input = fields.take('input', asInput) ?? [];
  if (input.length === 0 && previousResponseId === undefined) throw invalid('input', 'input is required');
  const instructions = fields.take('instructions', asString) ?? '';
  const stream = fields.take('stream', asBoolean) ?? false;
  const store = fields.take('store', asBoolean);
  const include = fields.take('include', asInclude);
  const reasoning = fields.take('reasoning', asReasoning);
  const oneToolCall = fields.take('parallel_tool_calls', asBoolean) === false;
  const serviceTier = fields.take('service_tier', asServiceTier);
  const format = fields.take('text', asTextSettings);
  const options = takeOptions(fields, withoutDefaults ? [] : defaults);
  const call = create(CallSchema, {
    ...options,
    model,
    kind: { case: 'chat', value: { ...takeTools(fields) } },
    numPredict: fields.take('max_output_tokens', asMaxTokens) ?? options.numPredict,
    think: options.think ?? reasoning?.think,
    ...(format && { format }),
    logprobs: takeLogprobs(fields, include?.has('message.output_text.logprobs') ?? false),
    ...takeTruncation(fields),
  });
  fields.take('metadata', expectMetadata);
  refuseRest(fields);
  const shape = {
    echo,
    serviceTier: serviceTier?.name ?? 'default',
    summary: reasoning?.summary ?? false,
    sealed: include?.has('reasoning.encrypted_content') ?? false,
  };
  return { call, input, instructions, previousResponseId, stream, store, serviceTier, oneToolCall, shape };
}

/** The call, with the conversation that it goes on with. */
export function withConversation({ call, instructions }: ResponseRequest, items: readonly Item[]): Call {
  const { tools = [], toolChoiceJson = '' } = call.kind.case === 'chat' ? call.kind.value : {};
  const first = instructions === '' ? [] : [systemTurn(instructions)];
  const messages = messagesOf([...first, ...items.map(({ turn }) => turn)]);
  if (messages.length === 0) throw invalid('input', 'input is required');
  const kind = { case: 'chat', value: create(ChatSchema, { messages, tools, toolChoiceJson }) } as const;
  return { ...call, kind };
}

function asInput(value: Value): (Item | ItemReference)[] {
  return kindOf(value.raw) === 'string' ? [textItem(value)] : arrayOf(asItem)(value);
}

function takeTools(fields: Fields): Offer {
  const tools = fields.take('tools', arrayOf(asFunctionTool)) ?? [];
  return fields.take('tool_choice', (value) => chosenTools(value, tools)) ?? { tools, toolChoiceJson: '' };
}

function asMaxTokens(value: Value): number {
  const tokens = asCount(value);
  if (tokens > 0) return tokens;
  throw invalid(value.path, `field "${value.path}" must be greater than 0`);
}

function takeLogprobs(fields: Fields, wanted: boolean): number | undefined {
  const top = fields.take('top_logprobs', asTopLogprobs) ?? 0;
  return wanted || top > 0 ? top : undefined;
}

function asTopLogprobs(value: Value): number {
  const count = asInteger(value);
  if (count >= 0 && count <= 20) return count;
  throw invalid(value.path, 'top_logprobs must be between 0 and 20');
}

/** Ollama forgets the beginning of what is too long, if it is told to; other backends refuse it all the same. */
function takeTruncation(fields: Fields) {
  const isAuto = fields.take('truncation', asIsAuto) ?? false;
  return isAuto ? { dialect: 'ollama', extraJson: '{"truncate":true}' } : { dialect: 'openai' };
}

function asIsAuto(value: Value): boolean {
  const truncation = asString(value);
  if (truncation === 'auto') return true;
  if (truncation === 'disabled') return false;
  throw invalid(value.path, `field "${value.path}" must be "auto" or "disabled", got ${JSON.stringify(truncation)}`);
}

const mostMetadata = 16;

function expectMetadata(value: Value): void {
  const pairs = members(asObjectText(value));
  if (pairs.length > mostMetadata)
    throw invalid(value.path, `field "${value.path}" has more than ${mostMetadata} pairs`);
  for (const [key, raw] of pairs) asString({ raw, path: `${value.path}.${key}` });
}
