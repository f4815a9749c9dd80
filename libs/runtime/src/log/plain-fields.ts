import { inspect } from 'node:util';
import { ClusterError } from '@tutti/core';
import { isSecretName, redacted } from './redacted.ts';

/** Of one line: what is longer is cut. */
const longestMessage = 8_192;
const longestFields = 32_768;

const deepest = 5;
const mostItems = 100;

/** A line's message, without secrets and not too long. */
export function plainMessage(message: unknown): string {
  return cut(redacted(typeof message === 'string' ? message : inspect(message)), longestMessage);
}

/** A line's fields as plain JSON: errors and other objects as text, without secrets, not too much of it. Never throws. */
export function plainFields(fields: object): Record<string, unknown> {
  let left = longestFields;

  const text = (value: string): string => {
    const kept = cut(redacted(value), Math.max(0, left));
    left -= kept.length;
    return kept;
  };

  const plain = (value: unknown, depth: number): unknown => {
    if (typeof value === 'string') return text(value);
    if (typeof value === 'boolean' || value === null || value === undefined || Number.isFinite(value)) return value;
    if (typeof value !== 'object') return text(typeof value === 'bigint' ? String(value) : inspect(value));
    if (value instanceof Error) return text(errorText(value));
    if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`;
    if (depth === deepest || left <= 0) return '[…]';
    if (hasToJson(value)) return plain(value.toJSON(), depth + 1);
    if (value instanceof Map || value instanceof Set) return plain([...value], depth);
    if (Array.isArray(value)) return value.slice(0, mostItems).map((item) => plain(item, depth + 1));
    return object(value, depth + 1);
  };

  const object = (value: object, depth: number): Record<string, unknown> => {
    const entries = Object.entries(value).slice(0, mostItems);
    return Object.fromEntries(
      entries.map(([name, item]) => [text(name), isSecretName(name) ? masked(item) : plain(item, depth)]),
    );
  };

  try {
    return object(fields, 0);
  } catch (error) {
    return { unreadable: redacted(inspect(error)) };
  }
}

/** What was foreseen is a sentence, and the one below it; what was not is a stack. */
function errorText(error: Error): string {
  if (!(error instanceof ClusterError) || error.reason === 'internal') return inspect(error);
  const { message, cause } = error;
  return cause instanceof Error ? `${message} (${cause.message})` : message;
}

/** How many tokens there were is no secret. */
function masked(value: unknown): unknown {
  return typeof value === 'string' || typeof value === 'object' ? '[redacted]' : value;
}

function cut(value: string, longest: number): string {
  return value.length <= longest ? value : `${value.slice(0, longest)}…`;
}

function hasToJson(value: object): value is { toJSON(): unknown } {
  return 'toJSON' in value && typeof value.toJSON === 'function';
}
