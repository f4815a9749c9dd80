import { ClusterError, isReason, type Reason } from '@tutti/core';

interface Body {
  readonly detail?: unknown;
  readonly code?: unknown;
  readonly error?: unknown;
  readonly retry_after_ms?: unknown;
}

/** An answer that is an error, in whichever of the API's dialects it is told. */
export function errorFrom(status: number, text: string): ClusterError {
  const body = parse(text);
  const reason = typeof body.code === 'string' && isReason(body.code) ? body.code : reasonOf(status);
  const retryAfterMs = body.retry_after_ms;
  const message = messageOf(body) ?? `The orchestrator answered with status ${status}.`;
  return new ClusterError(reason, message, { ...(typeof retryAfterMs === 'number' && { retryAfterMs }) });
}

/** Our own routes: problem+json. Ollama's: `error` is the text. OpenAI's: it is an object with the text in it. */
function messageOf({ detail, error }: Body): string | undefined {
  const inner = (error as { message?: unknown } | null | undefined)?.message;
  return [detail, error, inner].find((text) => typeof text === 'string' && text !== '') as string | undefined;
}

function parse(text: string): Body {
  try {
    return (JSON.parse(text) as Body | null) ?? {};
  } catch {
    return {};
  }
}

const reasons: Readonly<Record<number, Reason>> = {
  400: 'invalid_request',
  401: 'unauthenticated',
  403: 'forbidden',
  404: 'not_found',
  409: 'failed_precondition',
  429: 'rate_limited',
  499: 'client_closed',
  501: 'not_implemented',
  503: 'overloaded',
};

function reasonOf(status: number): Reason {
  return reasons[status] ?? 'upstream_error';
}
