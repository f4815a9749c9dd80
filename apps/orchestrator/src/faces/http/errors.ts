import { STATUS_CODES } from 'node:http';
import type { ClusterError } from '@tutti/core';
import { errorBody as anthropicError } from '@tutti/dialects/anthropic';
import { errorBody as ollamaError } from '@tutti/dialects/ollama';
import { errorBody as openaiError } from '@tutti/dialects/openai';
import { json } from './content-types.ts';

interface RenderedError {
  readonly status: number;
  readonly body: string;
  readonly contentType: string;
}

type RenderError = (
  error: ClusterError,
  requestId: string,
) => Omit<RenderedError, 'contentType'> & Partial<RenderedError>;

/** How each dialect tells an error. Adding one is a line. */
const dialects = {
  anthropic: anthropicError,
  ollama: ollamaError,
  openai: openaiError,
  problem: (error, requestId) => ({
    ...{ status: error.http, body: problem(error, requestId) },
    contentType: 'application/problem+json',
  }),
} as const satisfies Record<string, RenderError>;

/** In whose words a path speaks. `problem`: RFC 9457. */
export type Dialect = keyof typeof dialects;

export function renderError(dialect: Dialect, error: ClusterError, requestId: string): RenderedError {
  const render: RenderError = dialects[dialect];
  return { contentType: json, ...render(error, requestId) };
}

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
