import { ClusterError, type Reason } from '@tutti/core';

const mostCharacters = 2_000;
const address = /\b(?:https?:\/\/[^\s"']+|(?:\d{1,3}\.){3}\d{1,3}(?::\d+)?|localhost:\d+)|\[[\da-f:]+\]:\d+/gi;

/** An answer of Ollama whose status is not 2xx, as the error to throw. */
export function parseError(status: number, text: string): ClusterError {
  const message = redacted(messageOf(text) ?? `the backend answered with status ${status}`);
  return new ClusterError(reasonOf(status, message), message);
}

/** A backend's words without the addresses in them, and not without end. */
export function redacted(message: string): string {
  return message.slice(0, mostCharacters).replace(address, 'the backend');
}

/** Faults of the request for which Ollama answers 500; another node would say the same. */
const ofRequest = /^(?:option ".*" must be of |invalid JSON schema in format)/;

function messageOf(text: string): string | undefined {
  try {
    const body = JSON.parse(text) as { error?: unknown } | null;
    return typeof body?.error === 'string' && body.error !== '' ? body.error : undefined;
  } catch {
    return undefined;
  }
}

function reasonOf(status: number, message: string): Reason {
  if (/exceeds? (?:the |maximum |available )*context (?:length|size)/.test(message)) return 'context_length_exceeded';
  if (status === 404) return /^model .*not found/s.test(message) ? 'model_not_found' : 'upstream_error';
  if (status === 503) return 'overloaded';
  if (ofRequest.test(message)) return 'invalid_request';
  if (status === 400 || status === 413 || status === 422) return 'invalid_request';
  return 'upstream_error';
}
