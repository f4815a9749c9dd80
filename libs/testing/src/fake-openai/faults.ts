/**
 * What an OpenAI-compatible server can do wrong.
 *
 * Before any answer: `refuse` closes the connection, `hang` never answers, `http500`, `busy`, `rateLimited`, `noKey`,
 * `noModel` and `tooLong` answer with their status, `garbage` is an HTML page with status 200. After some tokens:
 * `hangMidStream` goes silent, `reset` resets the connection, `halfLine` ends in the middle of an event, `errorEvent`
 * ends with an error in the stream, `endWithoutDone` just ends, `longLine` sends one line of 9 MB and goes on.
 */
export type OpenaiFault = keyof typeof refusals | 'refuse' | 'hang' | MidStreamFault;

export type MidStreamFault = 'hangMidStream' | 'reset' | 'halfLine' | 'errorEvent' | 'endWithoutDone' | 'longLine';

interface Refusal {
  readonly status: number;
  readonly headers?: Record<string, string>;
  readonly body: string;
}

/** How it refuses a request, by fault. */
export const refusals = {
  http500: refusal(500, { message: 'boom', type: 'server_error', code: null }),
  busy: refusal(503, { message: 'Loading model', type: 'unavailable_error', code: 503 }),
  rateLimited: {
    ...refusal(429, { message: 'Rate limit reached', type: 'requests', code: 'rate_limit_exceeded' }),
    headers: { 'retry-after': '7' },
  },
  noKey: refusal(401, {
    message: 'Incorrect API key provided: sk-ab***yz',
    type: 'invalid_request_error',
    code: 'invalid_api_key',
  }),
  noModel: refusal(404, {
    message: 'The model `m` does not exist',
    type: 'invalid_request_error',
    param: 'model',
    code: 'model_not_found',
  }),
  tooLong: refusal(400, {
    message: 'the request exceeds the available context size, try increasing it',
    type: 'exceed_context_size_error',
    n_prompt_tokens: 9_000,
    n_ctx: 4_096,
  }),
  garbage: { status: 200, headers: { 'content-type': 'text/html' }, body: '<html><body>It works!</body></html>\n' },
} as const satisfies Record<string, Refusal>;

function refusal(status: number, error: object): Refusal {
  return { status, headers: { 'content-type': 'application/json' }, body: JSON.stringify({ error }) };
}

export interface OpenaiFaultScope {
  /** How many requests it hits; 1 by default, Infinity for all. */
  readonly times?: number;
  /** Tokens sent before it strikes; 1 by default. */
  readonly afterTokens?: number;
}

/** A fault that hits the request at hand. */
export interface Strike {
  readonly fault: OpenaiFault;
  readonly afterTokens: number;
}

export interface Faults {
  /** The returned function takes it back. */
  add(fault: OpenaiFault, scope: OpenaiFaultScope): () => void;
  /** The oldest fault that is left; counts it. */
  next(): Strike | undefined;
}

export function createFaults(): Faults {
  const all = new Set<{ readonly strike: Strike; left: number }>();
  return {
    add(fault, { times = 1, afterTokens = 1 }) {
      const added = { strike: { fault, afterTokens }, left: times };
      all.add(added);
      return () => void all.delete(added);
    },
    next() {
      const [first] = all;
      if (!first) return undefined;
      first.left -= 1;
      if (first.left <= 0) all.delete(first);
      return first.strike;
    },
  };
}
