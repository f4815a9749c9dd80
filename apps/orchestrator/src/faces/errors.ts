import { STATUS_CODES } from 'node:http';
import type { ClusterError } from '@tutti/core';
import { errorBody as anthropicError } from '@tutti/dialects/anthropic';
import { errorBody as ollamaError } from '@tutti/dialects/ollama';
import { errorBody as openaiError } from '@tutti/dialects/openai';
import type { Dialect } from './dialects.ts';

interface RenderedError {
  readonly status: number;
  readonly body: string;
  readonly contentType: string;
}

export function renderError(dialect: Dialect, error: ClusterError, requestId: string): RenderedError {
  switch (dialect) {
    case 'anthropic':
      return { ...anthropicError(error, requestId), contentType: json };
    case 'openai':
      return { ...openaiError(error), contentType: json };
    case 'ollama':
      return { ...ollamaError(error), contentType: json };
    case 'problem':
      return { status: error.http, body: problem(error, requestId), contentType: 'application/problem+json' };
  }
}

const json = 'application/json; charset=utf-8';

/** RFC 9457. */
export function problem(error: ClusterError, requestId: string): string {
  return JSON.stringify({
    type: `/errors/${error.reason}`,
    title: STATUS_CODES[error.http] ?? error.reason,
    status: error.http,
    detail: error.message,
    instance: requestId,
    code: error.reason,
    ...(error.param !== undefined && { param: error.param }),
    ...(error.retryAfterMs !== undefined && { retry_after_ms: error.retryAfterMs }),
  });
}
