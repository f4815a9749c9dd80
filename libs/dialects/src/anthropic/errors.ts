import type { ClusterError, Reason } from '@tutti/core';

type ErrorType =
  | 'api_error'
  | 'authentication_error'
  | 'invalid_request_error'
  | 'not_found_error'
  | 'overloaded_error'
  | 'permission_error'
  | 'rate_limit_error'
  | 'request_too_large'
  | 'timeout_error';

/** Anthropic's words for every reason. */
const types: Readonly<Record<Reason, ErrorType>> = {
  invalid_request: 'invalid_request_error',
  malformed_json: 'invalid_request_error',
  context_length_exceeded: 'invalid_request_error',
  unsupported_media: 'invalid_request_error',
  too_large: 'request_too_large',
  unauthenticated: 'authentication_error',
  forbidden: 'permission_error',
  not_found: 'not_found_error',
  method_not_allowed: 'invalid_request_error',
  request_timeout: 'invalid_request_error',
  headers_too_large: 'request_too_large',
  model_not_found: 'not_found_error',
  rate_limited: 'rate_limit_error',
  quota_exhausted: 'rate_limit_error',
  overloaded: 'overloaded_error',
  no_healthy_node: 'overloaded_error',
  draining: 'overloaded_error',
  node_unreachable: 'api_error',
  upstream_error: 'api_error',
  bad_upstream: 'api_error',
  upstream_timeout: 'timeout_error',
  deadline_exceeded: 'timeout_error',
  client_closed: 'invalid_request_error',
  storage_unavailable: 'api_error',
  failed_precondition: 'invalid_request_error',
  not_finished: 'invalid_request_error',
  poison_request: 'api_error',
  not_implemented: 'invalid_request_error',
  internal: 'api_error',
  no_slot: 'overloaded_error',
  stale_epoch: 'overloaded_error',
  unknown_node: 'api_error',
  protocol_mismatch: 'api_error',
};

/** Statuses that Anthropic has for a type and nobody else has: clients wait and come again at 529. */
const statuses: Partial<Record<ErrorType, number>> = { overloaded_error: 529 };

/** An error as Anthropic tells it before an answer has begun. */
export function errorBody(error: ClusterError, requestId: string): { status: number; body: string } {
  return { status: statuses[types[error.reason]] ?? error.http, body: errorText(error, requestId) };
}

/** An error as the last event of an answer that has begun. No `message_stop` follows it. */
export function errorEvent(error: ClusterError, requestId: string): string {
  return `event: error\ndata: ${errorText(error, requestId)}\n\n`;
}

function errorText(error: ClusterError, requestId: string): string {
  const { reason } = error;
  return JSON.stringify({
    type: 'error',
    error: { type: types[reason], message: wordsOf(error) },
    request_id: requestId,
  });
}

/** How Anthropic begins what it says to a prompt that does not fit. It has no code for it: clients go by these words. */
const tooLong = 'prompt is too long';

function wordsOf({ reason, message }: ClusterError): string {
  return reason !== 'context_length_exceeded' || message.startsWith(tooLong) ? message : `${tooLong}: ${message}`;
}
