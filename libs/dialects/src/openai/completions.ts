import { create } from '@bufbuild/protobuf';
import type { Call } from '@tutti/core';
import { CallSchema } from '@tutti/proto/tutti/agent/v1/call';
import { asBoolean, asCount, asInteger, asString, invalid, readBody, type Fields, type Value } from '../json/fields.ts';
import { takeModel } from '../model-field.ts';
import { asChoiceCount, callOfChoice } from './choice-count.ts';
import { defaults, takeOptions } from './options.ts';
import type { ParseOptions } from './parse.ts';
import { asServiceTier, type ServiceTier } from './service-tier.ts';
import { refuseTokens, textsOf } from './texts.ts';
import { asIncludeUsage, refuseUnsupported } from './unsupported.ts';

export interface CompletionRequest {
  /** The call for the first answer. */
  readonly call: Call;
  readonly stream: boolean;
  /** Whether the stream is to end with the counts of tokens. */
  readonly includeUsage: boolean;
  /** How many answers are wanted, over all prompts. */
  readonly count: number;
  /** The call for one of them, made from that for the first. Answers to one prompt stand together. */
  callOf(call: Call, choice: number): Call;
  /** What stands before each answer; empty: nothing does. */
  readonly echoes: readonly string[];
  readonly serviceTier?: ServiceTier | undefined;
}

/** Answers to one request, over all its prompts. */
const mostAnswers = 64;

/** Alternatives to each token that OpenAI tells at most. */
const mostLogprobs = 5;

/**
 * Reads the body of POST /v1/completions. As with Ollama's own /v1, the model's template is around the prompt, and
 * without `max_tokens` the model stops when it likes: OpenAI's 16 tokens would cut off whoever does not know of them.
 */
export function parseCompletion(text: string, { withoutDefaults = false }: ParseOptions = {}): CompletionRequest {
  const fields = readBody(text);
  const model = takeModel(fields);
  const prompts = fields.need('prompt', textsOf(asPrompt));
  const n = fields.take('n', asChoiceCount) ?? 1;
  if (n * prompts.length > mostAnswers) {
    throw invalid('prompt', `${prompts.length} prompts with ${n} answers each are more than ${mostAnswers} answers`);
  }
  refuseBest(fields, n);
  const logprobs = fields.take('logprobs', asAlternatives);
  const echo = fields.take('echo', asBoolean) ?? false;
  if (echo && logprobs !== undefined) {
    throw invalid('echo', 'echo with logprobs is not supported: no backend tells how likely the prompt was');
  }
  refuseUnsupported(fields);
  const stream = fields.take('stream', asBoolean) ?? false;
  const includeUsage = fields.take('stream_options', asIncludeUsage) ?? false;
  const serviceTier = fields.take('service_tier', asServiceTier);
  const suffix = fields.take('suffix', asString);
  const call = create(CallSchema, {
    dialect: 'openai',
    model,
    kind: { case: 'completion', value: { prompt: prompts[0]!, ...(suffix !== undefined && { suffix }) } },
    ...takeOptions(fields, withoutDefaults ? [] : defaults),
    ...(logprobs !== undefined && { logprobs }),
    extraJson: fields.rest(),
  });
  const callOf = (first: Call, choice: number): Call =>
    callOfChoice(withPrompt(first, prompts[Math.floor(choice / n)]!), choice % n);
  const echoes = echo ? prompts.flatMap((prompt) => Array.from({ length: n }, () => prompt)) : [];
  return { call, stream, includeUsage, count: n * prompts.length, callOf, echoes, serviceTier };
}

function withPrompt(call: Call, prompt: string): Call {
  if (call.kind.case !== 'completion' || call.kind.value.prompt === prompt) return call;
  return create(CallSchema, { ...call, kind: { case: 'completion', value: { ...call.kind.value, prompt } } });
}

function asPrompt(value: Value): string {
  refuseTokens(value, 'send the text');
  const prompt = asString(value);
  // To a backend it would be the wish to load the model, and nothing else.
  if (prompt === '') throw invalid(value.path, `${value.path} is empty`);
  return prompt;
}

function refuseBest(fields: Fields, n: number): void {
  fields.take('best_of', (value) => {
    const bestOf = asInteger(value);
    if (bestOf === n) return;
    throw invalid('best_of', `best_of = ${bestOf} with n = ${n} is not supported: leave it out, or send the same as n`);
  });
}

function asAlternatives(value: Value): number {
  const count = asCount(value);
  if (count <= mostLogprobs) return count;
  throw invalid(value.path, `logprobs must be from 0 to ${mostLogprobs}, got ${count}`);
}
