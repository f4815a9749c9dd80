import type { z } from 'zod';
import { ClusterError } from '../error.ts';
import type { JsonObject } from './json.ts';

/** Reads what a client sent; refuses it with `invalid_request` and the name of the first field that is wrong. */
export function readBody<T>(shape: z.ZodType<T>, body: JsonObject): T {
  const read = shape.safeParse(body);
  if (read.success) return read.data;
  const { path, message } = read.error.issues[0]!;
  throw refusedField(path.map(String).join('.'), message);
}

/** The refusal of one field. */
export function refusedField(param: string, what: string): ClusterError {
  return new ClusterError('invalid_request', `${param}: ${what}`, { param });
}
