import type { ClusterError, Reason } from '@tutti/core';

interface Words {
  readonly type: string;
  readonly code: string | null;
  /** The field at fault, for errors that do not name one. */
  readonly param?: string;
}

const ofRequest = 'invalid_request_error';
const ofService = 'service_unavailable_error';
const ofUpstream = 'api_error';

/** OpenAI's words for every reason; where it has none, ours. */
const words: Readonly<Record<Reason, Words>> = {
  invalid_request: { type: ofRequest, code: 'invalid_value' },
  malformed_json: { type: ofRequest, code: 'invalid_json' },
  context_length_exceeded: { type: ofRequest, code: 'context_length_exceeded', param: 'messages' },
  unsupported_media: { type: ofRequest, code: null },
  too_large: { type: ofRequest, code: null },
  unauthenticated: { type: ofRequest, code: 'invalid_api_key' },
  forbidden: { type: 'permission_error', code: 'permission_denied' },
  not_found: { type: ofRequest, code: 'unknown_url' },
  method_not_allowed: { type: ofRequest, code: 'method_not_allowed' },
  request_timeout: { type: ofRequest, code: 'request_timeout' },
  headers_too_large: { type: ofRequest, code: 'headers_too_large' },
  model_not_found: { type: ofRequest, code: 'model_not_found', param: 'model' },
  rate_limited: { type: 'rate_limit_error', code: 'rate_limit_exceeded' },
  quota_exhausted: { type: 'insufficient_quota', code: 'insufficient_quota' },
  overloaded: { type: ofService, code: 'server_is_overloaded' },
  no_healthy_node: { type: ofService, code: 'no_healthy_node' },
  draining: { type: ofService, code: 'shutting_down' },
  node_unreachable: { type: ofUpstream, code: 'node_unreachable' },
  upstream_error: { type: ofUpstream, code: 'upstream_error' },
  bad_upstream: { type: ofUpstream, code: 'bad_upstream_response' },
  upstream_timeout: { type: ofUpstream, code: 'timeout' },
  deadline_exceeded: { type: ofUpstream, code: 'deadline_exceeded' },
  client_closed: { type: ofRequest, code: 'client_closed' },
  storage_unavailable: { type: ofService, code: 'storage_unavailable' },
  failed_precondition: { type: ofRequest, code: 'failed_precondition' },
  not_finished: { type: ofRequest, code: 'not_finished' },
  poison_request: { type: ofUpstream, code: 'poison_request' },
  not_implemented: { type: ofRequest, code: 'unsupported' },
  internal: { type: 'server_error', code: 'internal_error' },
  no_slot: { type: ofService, code: 'server_is_overloaded' },
  stale_epoch: { type: ofService, code: 'stale_epoch' },
  unknown_node: { type: ofUpstream, code: 'unknown_node' },
  protocol_mismatch: { type: ofUpstream, code: 'protocol_mismatch' },
};

/** An error as OpenAI tells it before an answer has begun. A prompt that is too long came in `messages`, unless it names another field. */
export function errorBody(error: ClusterError): { status: number; body: string } {
  return { status: error.http, body: errorText(error) };
}

/** An error as the last event of an answer that has begun. No `[DONE]` follows it. */
export function errorEvent(error: ClusterError): string {
  return `data: ${errorText(error)}\n\n`;
}

function errorText(error: ClusterError): string {
  return JSON.stringify({ error: errorFields(error) });
}

/** What is told of an error, in OpenAI's words. */
export function errorFields(error: ClusterError) {
  const { type, code, param } = words[error.reason];
  const told = error.param ?? param ?? null;
  const isOfModel = error.reason === 'forbidden' && told === 'model';
  return { message: error.message, type, param: told, code: isOfModel ? 'model_not_allowed' : code };
}
