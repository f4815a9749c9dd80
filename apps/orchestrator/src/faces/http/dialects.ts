import type { IncomingHttpHeaders } from 'node:http';
import type { Dialect } from './errors.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** For this route, and for all that is asked for below the first two parts of its path. */
    dialect?: Dialect;
  }
}

/** The dialects of paths, also of those where there is nothing. */
export interface Dialects {
  /** Says that the paths that begin with the same two parts speak a dialect. */
  declare(path: string, dialect: Dialect): void;
  /** Without headers: nothing is known of who asks. */
  of(url: string, headers?: IncomingHttpHeaders): Dialect;
}

export function createDialects(): Dialects {
  const declared = new Map<string, Dialect>();
  return {
    declare: (path, dialect) => void declared.set(startOf(path), dialect),
    of(url, headers) {
      const start = startOf(url);
      if (start === sharedPath && headers && isOfAnthropic(headers)) return 'anthropic';
      return declared.get(start) ?? usual(url);
    },
  };
}

/** Clients of OpenAI and of Anthropic ask there. */
const sharedPath = '/v1/models';

/** Whether a client of Anthropic asks, at a path that it shares with others. */
export function isOfAnthropic(headers: IncomingHttpHeaders): boolean {
  return headers['anthropic-version'] !== undefined;
}

/** `/api/nodes` of `/api/nodes/agx0?full=true`. */
function startOf(url: string): string {
  return url.split('?', 1)[0]!.split('/', 3).join('/');
}

function usual(url: string): Dialect {
  if (url.startsWith('/v1/')) return 'openai';
  return url.startsWith('/api/') ? 'ollama' : 'problem';
}
