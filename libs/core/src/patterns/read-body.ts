import type { z } from 'zod';
import { ClusterError } from '../error.ts';
import type { JsonObject } from './json.ts';

/** Reads what a client sent; refuses it with `invalid_request` and the name of the first field that is wrong. */
export function readBody<T>(shape: z.ZodType<T>, body: JsonObject): T {
  const read = shape.safeParse(body, { reportInput: true });
  if (read.success) return read.data;
  const { path, message, input } = read.error.issues[0]!;
  const got = isPlain(input) ? `${message}, got ${JSON.stringify(input)}` : message;
  throw refusedField(path.map(String).join('.'), got);
}

/** Whether a value can be shown again: it is short, and no text, which may be a prompt. */
function isPlain(value: unknown): boolean {
  return typeof value === 'number' || typeof value === 'boolean';
}

/** The refusal of one field. */
export function refusedField(param: string, what: string): ClusterError {
  return new ClusterError('invalid_request', `${param}: ${what}`, { param });
}
