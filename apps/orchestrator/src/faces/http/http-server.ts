import { isUtf8 } from 'node:buffer';
import { randomUUID } from 'node:crypto';
import type { Socket } from 'node:net';
import fastify, { type FastifyError, type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { ClusterError } from '@tutti/core';
import type { Log } from '@tutti/runtime/log';
import { guard, localGuard, type GuardOptions } from '../../access/guard.ts';
import { compressLists } from './compressed.ts';
import { createDialects, type Dialects } from './dialects.ts';
import { faceOf, renderError, type Dialect } from './errors.ts';
import { unknownRoute } from './unknown-route.ts';

/** Pictures in a chat make large bodies; blobs have a way of their own. */
const largestBodyBytes = 32 * 2 ** 20;
const largestHeadersBytes = 16 * 1024;
const longestPathPart = 500;

/** Headers must be in sooner than the whole request: Node swaps the two limits otherwise. */
const headersTimeoutMs = 15_000;
const requestTimeoutMs = 30_000;
const timeoutCheckMs = 5_000;

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Its bodies are as large as they are, and may take as long: the request timeout is not for them. */
    upload?: boolean;
  }
}

export interface HttpOptions {
  readonly log: Log;
  /** Who may come in; left out: this machine only, without a key. */
  readonly access?: GuardOptions;
  /** Addresses and networks of proxies whose X-Forwarded-* headers are believed. */
  readonly trustProxy?: readonly string[];
  /** PEM texts; left out: plain HTTP. */
  readonly tls?: { readonly cert: string; readonly key: string } | undefined;
  /** Time to receive a request, of it for its headers, and between two looks at the clock. */
  readonly timeouts?: { readonly requestMs: number; readonly headersMs?: number; readonly checkMs?: number };
}

/**
 * The HTTP server under all faces. A body is text, whatever its Content-Type says: handlers get it as a string, and
 * every error, also one that Node or Fastify finds, is told in the dialect of its path.
 */
export function createHttpServer({
  log,
  access = localGuard,
  trustProxy = [],
  tls,
  timeouts,
}: HttpOptions): FastifyInstance {
  const requestTimeout = timeouts?.requestMs ?? requestTimeoutMs;
  const dialects = createDialects();
  /** Connections on which an upload has come: Node tells of each request once that it is late, and can be told no. */
  const uploading = new WeakSet<Socket>();
  /** What each connection asked for last. */
  const paths = new WeakMap<Socket, string>();
  const fail = (thrown: unknown, request: FastifyRequest, reply: FastifyReply): void =>
    sendError({ log, dialects }, thrown, request, reply);
  const nameRequest = (request: FastifyRequest, reply: FastifyReply): void => {
    reply.header('x-request-id', request.id);
    const { requestIdHeader } = faceOf(dialects.of(request.url)) ?? {};
    if (requestIdHeader) reply.header(requestIdHeader, request.id);
  };
  const http = {
    headersTimeout: timeouts?.headersMs ?? Math.min(headersTimeoutMs, requestTimeout / 2),
    requestTimeout,
    connectionsCheckingInterval: timeouts?.checkMs ?? timeoutCheckMs,
    maxHeaderSize: largestHeadersBytes,
  };
  const app: FastifyInstance = fastify({
    ...(tls ? { https: { ...http, ...tls, minVersion: 'TLSv1.2' } } : { http }),
    requestTimeout,
    keepAliveTimeout: 75_000,
    bodyLimit: largestBodyBytes,
    trustProxy: trustProxy.length > 0 ? [...trustProxy] : false,
    routerOptions: { maxParamLength: longestPathPart },
    // Requests have been seen off before the server closes; what is left has asked for nothing.
    forceCloseConnections: true,
    return503OnClosing: false,
    requestIdHeader: false,
    genReqId: requestId,
    clientErrorHandler(error, socket) {
      if (error.code === 'ERR_HTTP_REQUEST_TIMEOUT' && uploading.has(socket)) return;
      const path = pathIn(error) ?? paths.get(socket) ?? '/v1/';
      refuseSocket(error, socket, dialects.of(path));
    },
    frameworkErrors(error, request, reply) {
      nameRequest(request, reply);
      fail(error, request, reply);
    },
  });
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (request, body, done) => {
    const encoding = request.headers['content-encoding'];
    if (encoding && encoding !== 'identity') {
      done(
        new ClusterError(
          'unsupported_media',
          `Content-Encoding "${encoding}" is not supported; send the body as it is.`,
        ),
      );
    } else if (!isUtf8(body as Buffer)) {
      done(new ClusterError('malformed_json', 'The request body is not valid UTF-8.'));
    } else {
      done(null, (body as Buffer).toString('utf8'));
    }
  });
  app.addHook('onRequest', (request, reply, done) => {
    nameRequest(request, reply);
    paths.set(request.raw.socket, request.url);
    if (request.routeOptions.config.upload) uploading.add(request.raw.socket);
    else uploading.delete(request.raw.socket);
    done();
  });
  guard(app, access);
  // Not by the handler alone: that comes after the body, which nobody has a right to send.
  app.addHook('onRequest', (request, reply, done) => {
    const unknown = request.is404 ? unknownRoute(app, request, reply) : undefined;
    if (unknown !== 'options') done(unknown);
  });
  compressLists(app);
  app.addHook('onRoute', ({ url, config }) => {
    if (config?.dialect) dialects.declare(url, config.dialect);
  });
  app.setErrorHandler(fail);
  // A handler may find that nothing is there, too.
  app.setNotFoundHandler((request, reply) => fail(unknownRoute(app, request, reply), request, reply));
  return app;
}

/** A proxy in front may name the request; what it says is only taken if it is a plain id. */
function requestId(request: { headers: Record<string, string | string[] | undefined> }): string {
  const given = request.headers['x-request-id'];
  return typeof given === 'string' && /^[\w.:-]{1,128}$/.test(given) ? given : randomUUID();
}

interface ErrorOptions {
  readonly log: Log;
  readonly dialects: Dialects;
}

function sendError(options: ErrorOptions, thrown: unknown, request: FastifyRequest, reply: FastifyReply): void {
  const { log, dialects } = options;
  const error = fromFastify(thrown, request.routeOptions.bodyLimit);
  if (error.reason === 'internal')
    log.error('request failed', { requestId: request.id, url: request.url, cause: error.cause });
  const { status, body, contentType } = renderError(dialects.of(request.url), error, request.id);
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

const parserErrors: Readonly<Record<string, ClusterError>> = {
  HPE_HEADER_OVERFLOW: new ClusterError(
    'headers_too_large',
    `The request headers are larger than ${largestHeadersBytes} bytes.`,
  ),
  ERR_HTTP_REQUEST_TIMEOUT: new ClusterError('request_timeout', 'The request did not arrive in time.'),
};

/** The path that a request which cannot be read asks for; undefined: its first line is not there. */
function pathIn(error: Error & { rawPacket?: unknown }): string | undefined {
  if (!Buffer.isBuffer(error.rawPacket)) return undefined;
  const start = error.rawPacket.subarray(0, longestFirstLine).toString('latin1');
  return start.match(/^[A-Z]+ (\/\S*) HTTP\//)?.[1];
}

const longestFirstLine = 2_048;

/** No reply is to be had for what is not even HTTP. It is told in the dialect of its path, or of its connection's last. */
function refuseSocket(thrown: Error & { code?: string }, socket: Socket, dialect: Dialect): void {
  if (thrown.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const error =
    parserErrors[thrown.code ?? ''] ?? new ClusterError('invalid_request', 'The request is not valid HTTP.');
  const id = randomUUID();
  const { status, body, contentType } = renderError(dialect, error, id);
  const head = [
    `HTTP/1.1 ${status} `,
    `x-request-id: ${id}`,
    `content-type: ${contentType}`,
    `content-length: ${Buffer.byteLength(body)}`,
    'connection: close',
    'x-should-retry: false',
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`, () => socket.destroy());
}
