import type { Done } from '@tutti/proto/tutti/agent/v1/chunk';
import { extraMembers, type Extra } from '../answer.ts';
import { moreMembers } from '../json/text.ts';
import type { ResponseShape } from './parse.ts';

/** What is known of a response before its answer. */
export interface ResponseFacts {
  readonly id: string;
  /** Seconds since 1970. */
  readonly createdAt: number;
  readonly model: string;
  readonly shape: ResponseShape;
  /** Makes an id for a tool call whose backend gave none. */
  readonly toolCallId: () => string;
}

/** How far a response is. */
export interface ResponseState {
  readonly status: 'completed' | 'failed' | 'in_progress' | 'incomplete';
  /** Its items' texts. */
  readonly output: readonly string[];
  /** Whether it is kept. */
  readonly stored: boolean;
  /** Seconds since 1970; undefined: it has not been completed. */
  readonly completedAt?: number | undefined;
  readonly done?: Done;
  readonly error?: { readonly code: string; readonly message: string };
  readonly extra?: Extra;
}

/** A response as one object. */
export function responseText({ id, createdAt, model, shape }: ResponseFacts, state: ResponseState): string {
  const { status, output, stored, completedAt, done, error, extra = {} } = state;
  return `{${[
    `"id":"${id}","object":"response","created_at":${createdAt},"status":"${status}"`,
    `"completed_at":${completedAt ?? 'null'}`,
    `"error":${error ? JSON.stringify(error) : 'null'}`,
    `"incomplete_details":${status === 'incomplete' ? '{"reason":"max_output_tokens"}' : 'null'}`,
    `"model":${JSON.stringify(model)},"output":[${output.join()}]`,
    `"service_tier":"${shape.serviceTier}","store":${stored}`,
    `"usage":${done ? usageText(done) : 'null'}`,
  ].join()}${moreMembers(shape.echo)}${extraMembers(extra)}}`;
}

/** Unknown counts are 0, for clients that add them up; without any there is no `usage`. */
function usageText({ usage }: Done): string {
  if (!usage) return 'null';
  const { promptTokens = 0, cachedTokens = 0, outputTokens = 0, thinkingTokens = 0 } = usage;
  return JSON.stringify({
    input_tokens: promptTokens,
    input_tokens_details: { cached_tokens: cachedTokens, cache_write_tokens: 0 },
    output_tokens: outputTokens,
    output_tokens_details: { reasoning_tokens: thinkingTokens },
    total_tokens: promptTokens + outputTokens,
    ...(usage.estimated && { source: 'estimated' }),
  });
}
