import { STATUS_CODES } from 'node:http';
import type { ClusterError } from '@tutti/core';

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
