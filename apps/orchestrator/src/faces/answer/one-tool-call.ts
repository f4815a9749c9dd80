import { create } from '@bufbuild/protobuf';
import type { Generate } from '@tutti/core';
import { ChunkSchema } from '@tutti/proto/tutti/agent/v1/chunk';

/** Keeps the first function that a model asks for, and none after it: most cannot be told to ask for one only. */
export function oneToolCall(next: Generate): Generate {
  return async function* (call, context) {
    let asked = false;
    for await (const chunk of next(call, context)) {
      const { kind } = chunk;
      if (kind.case !== 'delta' || kind.value.toolCalls.length === 0) {
        yield chunk;
        continue;
      }
      const toolCalls = asked ? [] : kind.value.toolCalls.slice(0, 1);
      asked = true;
      yield create(ChunkSchema, { kind: { case: 'delta', value: { ...kind.value, toolCalls } } });
    }
  };
}
