import { ClusterError } from '@tutti/core';
import type { z } from 'zod';
import { upstreamError, type Body } from './http.ts';

/** A body as text. Throws what the connection says, or that the signal has aborted. */
export async function textOf(body: Body, signal: AbortSignal): Promise<string> {
  try {
    return await body.text();
  } catch (thrown) {
    throw upstreamError(thrown, signal);
  }
}

interface Source {
  readonly path: string;
  /** Whose API it is, for example "Ollama". */
  readonly api: string;
}

/** What a model server tells about itself. Throws bad_upstream for anything else than the schema allows. */
export function readAnswer<T>(text: string, schema: z.ZodType<T>, { path, api }: Source): T {
  const result = schema.safeParse(jsonIn(text));
  if (result.success) return result.data;
  throw new ClusterError('bad_upstream', `${path} of the backend answered something that is not ${api}'s.`, {
    cause: result.error,
  });
}

/** Undefined: it is not JSON. */
export function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
