import type { ClusterError, Reason } from '@tutti/core';

/** Ollama answers 500 to whatever goes wrong in its runner, and clients know no 502. */
const statuses: Partial<Record<Reason, number>> = { upstream_error: 500, bad_upstream: 500 };

/** Clients look for these words to tell a full server from a broken one; both spaces are Ollama's. */
const busy = 'server busy, please try again.  maximum pending requests exceeded';

/** An error as Ollama tells it. Once an answer has begun, the body is its last line. */
export function errorBody(error: ClusterError): { status: number; body: string } {
  const message = error.reason === 'overloaded' ? busy : error.message;
  return { status: statuses[error.reason] ?? error.http, body: JSON.stringify({ error: message }) };
}
