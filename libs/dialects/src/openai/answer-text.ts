import type { ToolCall } from '@tutti/proto/tutti/agent/v1/call';
import type { Delta, Done, Logprob } from '@tutti/proto/tutti/agent/v1/chunk';

/** What all objects of one answer have in common. */
export interface AnswerFacts {
  /** For example "chatcmpl-8f2a". */
  readonly id: string;
  /** Seconds since 1970. */
  readonly created: number;
  readonly model: string;
  /** Makes an id for a tool call whose backend gave none. */
  readonly toolCallId: () => string;
}

/** The text up to `choices`: an open object. */
export function headText(object: string, { id, created, model }: AnswerFacts): string {
  return `{"id":${JSON.stringify(id)},"object":"${object}","created":${created},"model":${JSON.stringify(model)},"system_fingerprint":"fp_tutti"`;
}

/** The reasoning under both names that clients know. */
export function reasoningMembers(thinking: string): string {
  const text = JSON.stringify(thinking);
  return `"reasoning_content":${text},"reasoning":${text}`;
}

/** A tool call; `index` is its number among those of the answer, for events only. */
export function toolCallText(call: ToolCall, { toolCallId }: AnswerFacts, index?: number): string {
  const id = JSON.stringify(call.id === '' ? toolCallId() : call.id);
  const called = `{"name":${JSON.stringify(call.name)},"arguments":${JSON.stringify(call.argumentsJson)}}`;
  return `{${index === undefined ? '' : `"index":${index},`}"id":${id},"type":"function","function":${called}}`;
}

/** Undefined: there are none. */
export function logprobsText({ logprobs }: Delta): string | undefined {
  if (logprobs.length === 0) return undefined;
  const content = logprobs.map((one) => ({ ...token(one), top_logprobs: one.top.map(token) }));
  return JSON.stringify({ content, refusal: null });
}

function token({ token, logprob, tokenBytes }: Logprob) {
  return { token, logprob, bytes: tokenBytes.length === 0 ? null : [...tokenBytes] };
}

/** An answer that asks for tools ends with `tool_calls`, unless it was cut off. */
export function finishReason(done: Done, hasToolCalls: boolean): 'length' | 'stop' | 'tool_calls' {
  if (done.reason === 'length') return 'length';
  return hasToolCalls ? 'tool_calls' : 'stop';
}

/** `usage` as text. Its counts must be numbers, so an unknown one is 0. */
export function usageText({ usage }: Done): string {
  const prompt = usage?.promptTokens ?? 0;
  const output = usage?.outputTokens ?? 0;
  return JSON.stringify({
    prompt_tokens: prompt,
    completion_tokens: output,
    total_tokens: prompt + output,
    ...(usage?.cachedTokens !== undefined && { prompt_tokens_details: { cached_tokens: usage.cachedTokens } }),
    ...(usage?.thinkingTokens !== undefined && {
      completion_tokens_details: { reasoning_tokens: usage.thinkingTokens },
    }),
  });
}
