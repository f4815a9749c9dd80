/**
 * What a model server can do wrong.
 *
 * Before any answer: `refuse` closes the connection, `hang` never answers, `http500`, `busy` and `noModel` answer with
 * their status, `garbage` is an HTML page with status 200. After some tokens: `hangMidStream` goes silent, `reset`
 * resets the connection, `halfLine` ends in the middle of a line, `errorLine` ends with an error in the stream,
 * `endWithoutDone` just ends, `longLine` sends one line of 9 MB and goes on. `slow` waits before each token.
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
  | 'slow';

export interface FaultScope {
  /** How many requests it hits; 1 by default, Infinity for all. */
  readonly times?: number;
  /** Only requests for this model, by the name that they use. */
  readonly model?: string;
  /** Only this path; by default the three inference routes. */
  readonly path?: string;
  /** Tokens sent before it strikes; 1 by default. */
  readonly afterTokens?: number;
  /** For `slow`: wait before each token; 100 by default. */
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
  /** The oldest fault that hits this request; counts it. */
  next(path: string, model: () => string): Strike | undefined;
}

export const inferencePaths: ReadonlySet<string> = new Set(['/api/chat', '/api/generate', '/api/embed']);

export function createFaults(): Faults {
  const pending = new Set<{ strike: Strike; scope: FaultScope; left: number }>();
  return {
    add(fault, scope) {
      const strike = {
        fault,
        afterTokens: scope.afterTokens ?? 1,
        delayMs: fault === 'slow' ? (scope.delayMs ?? 100) : 0,
        message: scope.message,
      };
      const entry = { strike, scope, left: scope.times ?? 1 };
      pending.add(entry);
      return () => void pending.delete(entry);
    },
    next(path, model) {
      for (const entry of pending) {
        const { scope } = entry;
        if (scope.path === undefined ? !inferencePaths.has(path) : scope.path !== path) continue;
        if (scope.model !== undefined && scope.model !== model()) continue;
        entry.left--;
        if (entry.left <= 0) pending.delete(entry);
        return entry.strike;
      }
      return undefined;
    },
  };
}
