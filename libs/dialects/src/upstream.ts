import { ClusterError } from '@tutti/core';

/** What a backend has answered, as JSON.parse gives it. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** Throws bad_upstream if the text is no JSON object. */
export function readObject(text: string): JsonObject {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw badUpstream('it is not JSON', cause);
  }
  if (isObject(value)) return value;
  throw badUpstream('it is not an object');
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Empty: there is none. Throws bad_upstream for what is no string. */
export function textField(holder: JsonObject | undefined, key: string): string {
  const value = holder?.[key] ?? '';
  if (typeof value === 'string') return value;
  throw badUpstream(`"${key}" is not a string`);
}

/** Undefined: there is none. Throws bad_upstream for what is no count. */
export function countField(holder: JsonObject, key: string): number | undefined {
  const value = holder[key] ?? undefined;
  if (value === undefined || isCount(value)) return value;
  throw badUpstream(`"${key}" is not a count`);
}

export function isCount(value: unknown): value is number {
  return typeof value === 'number' && value >= 0 && value === (value | 0);
}

/** The error for an answer that is not what the backend's API allows. */
export function badUpstream(fault: string, cause?: unknown): ClusterError {
  return new ClusterError('bad_upstream', `the backend's answer makes no sense: ${fault}`, { cause });
}
