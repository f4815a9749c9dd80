import { STATUS_CODES } from 'node:http';
import type { ClusterError } from '@tutti/core';
import { errorBody as ollamaError } from '@tutti/dialects/ollama';
import { errorBody as openaiError } from '@tutti/dialects/openai';

interface RenderedError {
  readonly status: number;
  readonly body: string;
  readonly contentType: string;
}

/** An error in the dialect of the path that was asked for. */
export function renderError(url: string, error: ClusterError, requestId: string): RenderedError {
  if (url.startsWith('/v1/')) return { ...openaiError(error), contentType: json };
  if (url.startsWith('/api/')) return { ...ollamaError(error), contentType: json };
  return problem(error, requestId);
}

const json = 'application/json; charset=utf-8';

/** RFC 9457. */
function problem(error: ClusterError, requestId: string): RenderedError {
  const body = {
    type: `/errors/${error.reason}`,
    title: STATUS_CODES[error.http] ?? error.reason,
    status: error.http,
    detail: error.message,
    instance: requestId,
    code: error.reason,
    ...(error.retryAfterMs !== undefined && { retry_after_ms: error.retryAfterMs }),
  };
  return { status: error.http, body: JSON.stringify(body), contentType: 'application/problem+json' };
}
