import type { ToolCall } from '@tutti/proto/tutti/agent/v1/call';
import type { Delta, Done, Logprob } from '@tutti/proto/tutti/agent/v1/chunk';
import type { Choices } from '../choices.ts';

/** What all objects of one answer have in common. */
export interface AnswerFacts {
  /** For example "chatcmpl-8f2a". */
  readonly id: string;
  /** Seconds since 1970. */
  readonly created: number;
  readonly model: string;
  /** Makes an id for a tool call whose backend gave none. */
  readonly toolCallId: () => string;
  /** Absent: there is one answer. */
  readonly choices?: Choices | undefined;
  /** The tier that the request ran in. Absent: none was asked for. */
  readonly serviceTier?: string | undefined;
  /** Whether a call is told as `function_call`, for clients from before there were tools. */
  readonly legacyFunctions?: boolean | undefined;
}

/** The text up to `choices`: an open object. */
export function headText(object: string, { id, created, model, serviceTier }: AnswerFacts): string {
  const tier = serviceTier === undefined ? '' : `,"service_tier":${JSON.stringify(serviceTier)}`;
  return `{"id":${JSON.stringify(id)},"object":"${object}","created":${created},"model":${JSON.stringify(model)},"system_fingerprint":"fp_tutti"${tier}`;
}

/** The reasoning under both names that clients know. */
export function reasoningMembers(thinking: string): string {
  const text = JSON.stringify(thinking);
  return `"reasoning_content":${text},"reasoning":${text}`;
}

/** The members for what an answer asks for; none: "". `first`: number of the first call, for events only. */
export function callMembers(calls: readonly ToolCall[], facts: AnswerFacts, first?: number): string {
  const [call] = calls;
  if (!call) return '';
  if (facts.legacyFunctions) return `"function_call":${calledText(call)}`;
  const texts = calls.map((one, at) => toolCallText(one, facts, first === undefined ? undefined : first + at));
  return `"tool_calls":[${texts.join(',')}]`;
}

/** A tool call; `index` is its number among those of the answer, for events only. */
function toolCallText(call: ToolCall, { toolCallId }: AnswerFacts, index?: number): string {
  const id = JSON.stringify(call.id === '' ? toolCallId() : call.id);
  return `{${index === undefined ? '' : `"index":${index},`}"id":${id},"type":"function","function":${calledText(call)}}`;
}

function calledText({ name, argumentsJson }: ToolCall): string {
  return `{"name":${JSON.stringify(name)},"arguments":${JSON.stringify(argumentsJson)}}`;
}

/** Undefined: there are none. */
export function logprobsText({ logprobs }: Delta): string | undefined {
  if (logprobs.length === 0) return undefined;
  const content = logprobs.map(tokenLogprob);
  return JSON.stringify({ content, refusal: null });
}

/** A token, and those that could have been in its place. */
export function tokenLogprob(one: Logprob) {
  return { ...token(one), top_logprobs: one.top.map(token) };
}

function token({ token, logprob, tokenBytes }: Logprob) {
  return { token, logprob, bytes: tokenBytes.length === 0 ? null : [...tokenBytes] };
}

/** Why an answer ended. One that asks for tools ends with that, unless it was cut off. */
export function finishReason(
  { legacyFunctions }: AnswerFacts,
  reason: string,
  hasToolCalls: boolean,
): 'function_call' | 'length' | 'stop' | 'tool_calls' {
  if (reason === 'length') return 'length';
  if (!hasToolCalls) return 'stop';
  return legacyFunctions ? 'function_call' : 'tool_calls';
}

/** `usage` as text. Its counts must be numbers, so an unknown one is 0. */
export function usageText({ usage }: Done): string {
  const prompt = usage?.promptTokens ?? 0;
  const output = usage?.outputTokens ?? 0;
  return JSON.stringify({
    prompt_tokens: prompt,
    completion_tokens: output,
    total_tokens: prompt + output,
    ...(usage?.estimated && { source: 'estimated' }),
    ...(usage?.cachedTokens !== undefined && { prompt_tokens_details: { cached_tokens: usage.cachedTokens } }),
    ...(usage?.thinkingTokens !== undefined && {
      completion_tokens_details: { reasoning_tokens: usage.thinkingTokens },
    }),
  });
}
