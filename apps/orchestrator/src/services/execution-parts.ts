import {
  fromJson,
  toJson,
  type JsonObject as ProtoObject,
  type JsonValue,
  type MessageInitShape,
} from '@bufbuild/protobuf';
import { ValueSchema, type Value } from '@bufbuild/protobuf/wkt';
import { ClusterError } from '@tutti/core';
import type { Budget, HumanQuestion, Json, RunError, Spent } from '@tutti/core/patterns';
import type {
  ExecutionBudgetSchema,
  ExecutionErrorSchema,
  ExecutionUsageSchema,
  HumanQuestionSchema,
} from '@tutti/proto/tutti/v1/pattern';
import { int32 } from '../members/int32.ts';

type Taken = Pick<Spent, 'promptTokens' | 'outputTokens'> & Partial<Spent>;

export function usageOf({ promptTokens, outputTokens, calls = 0, swaps = 0 }: Taken) {
  return { promptTokens, outputTokens, calls, swaps } satisfies MessageInitShape<typeof ExecutionUsageSchema>;
}

export function budgetOf({ maxCalls, maxTokens, maxMs, maxSwaps }: Budget) {
  return {
    ...{ maxMs, maxCalls: int32(maxCalls), maxTokens: int32(maxTokens), maxSwaps: int32(maxSwaps) },
  } satisfies MessageInitShape<typeof ExecutionBudgetSchema>;
}

export function errorOf({ reason, message }: RunError) {
  return { code: reason, message } satisfies MessageInitShape<typeof ExecutionErrorSchema>;
}

export function questionOf({ prompt, schema, effect, expiresMs }: HumanQuestion) {
  return {
    ...{ prompt, expiresMs },
    ...(schema && { schema: plainObject(schema) }),
    ...(effect !== undefined && { effect: valueOf(effect) }),
  } satisfies MessageInitShape<typeof HumanQuestionSchema>;
}

export function timeText(time: number): string {
  return new Date(time).toISOString();
}

export function valueOf(json: Json): Value {
  return fromJson(ValueSchema, json as JsonValue);
}

/** Null: there is none. Fails with `invalid_request` for a number that JSON cannot hold. */
export function jsonOf(value: Value | undefined): Json {
  if (!value) return null;
  try {
    return toJson(ValueSchema, value);
  } catch (cause) {
    throw new ClusterError('invalid_request', 'A number in the value is not finite.', { param: 'value', cause });
  }
}

/** An object as it is after a way over the wire: what is undefined is not there. */
export function plainObject(object: object): ProtoObject {
  return JSON.parse(JSON.stringify(object)) as ProtoObject;
}
