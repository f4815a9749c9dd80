import type { Random } from '@tutti/core';

/**
 * What a model server can do wrong.
 *
 * Before any answer: `refuse` closes the connection, `hang` never answers, `http500`, `busy` and `noModel` answer with
 * their status, `garbage` is an HTML page with status 200. After some tokens: `hangMidStream` goes silent, `reset`
 * resets the connection, `halfLine` ends in the middle of a line, `errorLine` ends with an error in the stream,
 * `endWithoutDone` just ends, `longLine` sends one line of 9 MB and goes on. `slow` waits before each token. `zombie`
 * goes on burning when its client has left: it keeps its slot, and the runner's speed is shared with it.
 */
export type Fault =
  | 'refuse'
  | 'hang'
  | 'http500'
  | 'busy'
  | 'noModel'
  | 'garbage'
  | 'hangMidStream'
  | 'reset'
  | 'halfLine'
  | 'errorLine'
  | 'endWithoutDone'
  | 'longLine'
  | 'slow'
  | 'zombie';

export interface FaultScope {
  /** How many requests it hits; 1 by default, Infinity for all. */
  readonly times?: number;
  /** Part of the requests that it hits, by chance; 1, all of them, by default. */
  readonly share?: number;
  /** Only requests for this model, by the name that they use. */
  readonly model?: string;
  /** Only this path; by default the three inference routes. */
  readonly path?: string;
  /** Tokens sent before it strikes; 1 by default. */
  readonly afterTokens?: number;
  /** For `slow`: wait before each token, 100 by default. For `zombie`: how long it goes on, 1000 by default. */
  readonly delayMs?: number;
  /** Text of `http500` and `errorLine` instead of Ollama's. */
  readonly message?: string;
}

/** A fault that hits the request at hand. */
export interface Strike {
  readonly fault: Fault;
  readonly afterTokens: number;
  readonly delayMs: number;
  readonly message: string | undefined;
}

export interface Faults {
  /** The returned function takes it back. */
  add(fault: Fault, scope: FaultScope): () => void;
  clear(): void;
  /** The oldest fault that hits this request; counts it. */
  next(path: string, model: () => string): Strike | undefined;
}

export const inferencePaths: ReadonlySet<string> = new Set([
  '/api/chat',
  '/api/generate',
  '/api/embed',
  '/api/embeddings',
]);

export function createFaults(random: Random): Faults {
  const pending = new Set<{ strike: Strike; scope: FaultScope; left: number }>();
  return {
    add(fault, scope) {
      const strike = {
        fault,
        afterTokens: scope.afterTokens ?? 1,
        delayMs: scope.delayMs ?? (fault === 'zombie' ? 1000 : 100),
        message: scope.message,
      };
      const entry = { strike, scope, left: scope.times ?? 1 };
      pending.add(entry);
      return () => void pending.delete(entry);
    },
    clear: () => pending.clear(),
    next(path, model) {
      for (const entry of pending) {
        const { scope } = entry;
        if (scope.path === undefined ? !inferencePaths.has(path) : scope.path !== path) continue;
        if (scope.model !== undefined && scope.model !== model()) continue;
        if (scope.share !== undefined && random() >= scope.share) continue;
        entry.left--;
        if (entry.left <= 0) pending.delete(entry);
        return entry.strike;
      }
      return undefined;
    },
  };
}
