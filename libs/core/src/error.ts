/** What may be done about an error. `elsewhere`: another node may succeed now. `later`: the client may come again. */
export type Retry = 'elsewhere' | 'later' | 'never';

interface Rule {
  /** google.rpc.Code */
  readonly grpc: number;
  readonly http: number;
  readonly retry: Retry;
}

/** Every reason for which a request can fail. Each dialect has a table of its own words for them. */
export const reasons = {
  invalid_request: { grpc: 3, http: 400, retry: 'never' },
  malformed_json: { grpc: 3, http: 400, retry: 'never' },
  context_length_exceeded: { grpc: 3, http: 400, retry: 'never' },
  unsupported_media: { grpc: 3, http: 415, retry: 'never' },
  too_large: { grpc: 8, http: 413, retry: 'never' },
  unauthenticated: { grpc: 16, http: 401, retry: 'never' },
  forbidden: { grpc: 7, http: 403, retry: 'never' },
  not_found: { grpc: 5, http: 404, retry: 'never' },
  method_not_allowed: { grpc: 12, http: 405, retry: 'never' },
  request_timeout: { grpc: 4, http: 408, retry: 'later' },
  headers_too_large: { grpc: 8, http: 431, retry: 'never' },
  model_not_found: { grpc: 5, http: 404, retry: 'elsewhere' },
  rate_limited: { grpc: 8, http: 429, retry: 'later' },
  quota_exhausted: { grpc: 8, http: 429, retry: 'never' },
  overloaded: { grpc: 14, http: 503, retry: 'elsewhere' },
  no_healthy_node: { grpc: 14, http: 503, retry: 'later' },
  draining: { grpc: 14, http: 503, retry: 'elsewhere' },
  node_unreachable: { grpc: 14, http: 502, retry: 'elsewhere' },
  upstream_error: { grpc: 14, http: 502, retry: 'elsewhere' },
  bad_upstream: { grpc: 13, http: 502, retry: 'elsewhere' },
  upstream_timeout: { grpc: 4, http: 504, retry: 'elsewhere' },
  deadline_exceeded: { grpc: 4, http: 504, retry: 'never' },
  client_closed: { grpc: 1, http: 499, retry: 'never' },
  storage_unavailable: { grpc: 14, http: 503, retry: 'later' },
  failed_precondition: { grpc: 9, http: 409, retry: 'never' },
  not_finished: { grpc: 9, http: 409, retry: 'later' },
  poison_request: { grpc: 13, http: 500, retry: 'never' },
  not_implemented: { grpc: 12, http: 501, retry: 'never' },
  internal: { grpc: 13, http: 500, retry: 'never' },
  /** Between agent and orchestrator: every slot and the waiting place are taken. */
  no_slot: { grpc: 8, http: 503, retry: 'elsewhere' },
  /** Between agent and orchestrator: the dispatch names another epoch or boot id. */
  stale_epoch: { grpc: 9, http: 503, retry: 'elsewhere' },
  /** Between agent and orchestrator: the heartbeat's node is not registered. */
  unknown_node: { grpc: 5, http: 404, retry: 'never' },
  /** Between agent and orchestrator: their protocol versions do not overlap. */
  protocol_mismatch: { grpc: 9, http: 400, retry: 'never' },
} as const satisfies Record<string, Rule>;

export type Reason = keyof typeof reasons;

interface Facts {
  /** Milliseconds after which trying again makes sense. */
  readonly retryAfterMs?: number;
  /** Name of the request field at fault. */
  readonly param?: string;
  /** What happened underneath; for logs, never shown. */
  readonly cause?: unknown;
}

/**
 * The only thing thrown across module borders. The message is for the client: what failed, the values seen, what to do;
 * never an address, a stack, a prompt or a key.
 */
export class ClusterError extends Error {
  readonly reason: Reason;
  readonly retry: Retry;
  readonly retryAfterMs: number | undefined;
  readonly param: string | undefined;

  constructor(reason: Reason, message: string, facts: Facts = {}) {
    super(message, 'cause' in facts ? { cause: facts.cause } : undefined);
    this.name = 'ClusterError';
    this.reason = reason;
    this.retry = reasons[reason].retry;
    this.retryAfterMs = facts.retryAfterMs;
    this.param = facts.param;
  }

  get http(): number {
    return reasons[this.reason].http;
  }

  get grpc(): number {
    return reasons[this.reason].grpc;
  }

  /** Anything thrown, as a ClusterError. What is not one is a bug or an abort: its text stays in `cause`. */
  static from(thrown: unknown): ClusterError {
    if (thrown instanceof ClusterError) return thrown;
    if (thrown instanceof Error && thrown.name === 'AbortError') {
      return new ClusterError('client_closed', 'request canceled', { cause: thrown });
    }
    return new ClusterError('internal', 'internal error', { cause: thrown });
  }
}

export function isReason(text: string): text is Reason {
  return Object.hasOwn(reasons, text);
}

/** The refusal of a model that is not there, in Ollama's own words. */
export function modelNotFound(name: string): ClusterError {
  const shown = name.endsWith(':latest') ? name.slice(0, -':latest'.length) : name;
  return new ClusterError('model_not_found', `model '${shown}' not found`, { param: 'model' });
}
