import type { MessageInitShape } from '@bufbuild/protobuf';
import type { DoneSchema } from '@tutti/proto/tutti/agent/v1/chunk';
import { countField, isObject, type JsonObject } from '../upstream.ts';

type DoneInit = MessageInitShape<typeof DoneSchema>;

/** `usage` of an answer; undefined: there is none. Throws bad_upstream if its counts are none. */
export function usageOf({ usage }: JsonObject): DoneInit['usage'] {
  if (!isObject(usage)) return undefined;
  const { prompt_tokens_details: prompt, completion_tokens_details: output } = usage;
  return {
    promptTokens: countField(usage, 'prompt_tokens'),
    outputTokens: countField(usage, 'completion_tokens'),
    cachedTokens: isObject(prompt) ? countField(prompt, 'cached_tokens') : undefined,
    thinkingTokens: isObject(output) ? countField(output, 'reasoning_tokens') : undefined,
  };
}

/** What llama-server tells of the time that it took; others tell nothing. */
export function timingsOf({ timings }: JsonObject): DoneInit['timings'] {
  if (!isObject(timings)) return undefined;
  return { promptMs: milliseconds(timings['prompt_ms']), outputMs: milliseconds(timings['predicted_ms']) };
}

function milliseconds(value: unknown): number | undefined {
  return typeof value === 'number' && value >= 0 ? value : undefined;
}
