import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import { ClusterError } from '@tutti/core';
import type { Log } from '@tutti/runtime/log';
import type { Dialects } from './dialects.ts';
import { renderError } from './errors.ts';
import { largestBodyBytes, longestPathPart } from './request-limits.ts';

interface ErrorOptions {
  readonly log: Log;
  readonly dialects: Dialects;
}

/** Answers with what was thrown, in the dialect of the request's path. */
export function sendError(options: ErrorOptions, thrown: unknown, request: FastifyRequest, reply: FastifyReply): void {
  const { log, dialects } = options;
  const error = fromFastify(thrown, request.routeOptions.bodyLimit);
  if (error.reason === 'internal')
    log.error('request failed', { requestId: request.id, url: request.url, cause: error.cause });
  const { status, body, contentType } = renderError(dialects.of(request.url, request.headers), error, request.id);
  if (error.retryAfterMs !== undefined) {
    reply
      .header('retry-after', String(Math.ceil(error.retryAfterMs / 1_000)))
      .header('retry-after-ms', String(error.retryAfterMs));
  }
  if (error.reason === 'unauthenticated') reply.header('www-authenticate', 'Bearer');
  if (error.reason === 'draining') reply.header('connection', 'close');
  // Fastify would close at once; a client that is still sending then loses the answer to a reset. Node reads on, keeps
  // nothing, and stops at the request timeout.
  if (error.reason === 'too_large') reply.removeHeader('connection');
  // Retries across nodes have been made already: a client that repeats the request at once makes an outage worse.
  reply.header('x-should-retry', String(error.retryAfterMs !== undefined));
  void reply.code(status).type(contentType).send(body);
}

/** Fastify's own errors as ours; anything else that is not ours is a bug. */
function fromFastify(thrown: unknown, bodyLimit = largestBodyBytes): ClusterError {
  const { code, statusCode } = thrown as Partial<FastifyError>;
  if (code === 'ECONNRESET') return new ClusterError('client_closed', 'request canceled', { cause: thrown });
  if (thrown instanceof ClusterError || !code?.startsWith('FST_')) return ClusterError.from(thrown);
  if (statusCode === 413) {
    return new ClusterError('too_large', `The request body is larger than ${sizeText(bodyLimit)}.`, {
      cause: thrown,
    });
  }
  if (statusCode !== undefined && statusCode < 500) {
    return new ClusterError('invalid_request', complaints[code] ?? 'The request is malformed.', { cause: thrown });
  }
  return ClusterError.from(thrown);
}

const complaints: Readonly<Record<string, string>> = {
  FST_ERR_BAD_URL: 'The percent signs in the path are no encoding of UTF-8.',
  FST_ERR_MAX_PARAM_LENGTH: `A part of the path is longer than ${longestPathPart} characters.`,
};

function sizeText(bytes: number): string {
  return bytes < 2 ** 20 ? `${bytes} bytes` : `${bytes / 2 ** 20} MiB`;
}
