import { randomUUID } from 'node:crypto';
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import type { Log } from '@tutti/runtime/log';
import { guard, localGuard, type GuardOptions } from '../../access/guard.ts';
import { takeText } from './body.ts';
import { compressLists } from './compressed.ts';
import { createConnections } from './connections.ts';
import { createDialects } from './dialects.ts';
import { faceOf } from './errors.ts';
import { pathIn, refuseSocket } from './refuse-socket.ts';
import { largestBodyBytes, largestHeadersBytes, longestPathPart } from './request-limits.ts';
import { sendError } from './send-error.ts';
import { unknownRoute } from './unknown-route.ts';

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
export function createHttpServer(options: HttpOptions): FastifyInstance {
  const { log, access = localGuard } = options;
  const dialects = createDialects();
  const connections = createConnections();
  const fail = (thrown: unknown, request: FastifyRequest, reply: FastifyReply): void =>
    sendError({ log, dialects }, thrown, request, reply);
  const nameRequest = (request: FastifyRequest, reply: FastifyReply): void => {
    reply.header('x-request-id', request.id);
    const { requestIdHeader } = faceOf(dialects.of(request.url, request.headers)) ?? {};
    if (requestIdHeader) reply.header(requestIdHeader, request.id);
  };
  const app: FastifyInstance = fastify({
    ...serverOptions(options),
    clientErrorHandler(error, socket) {
      if (error.code === 'ERR_HTTP_REQUEST_TIMEOUT' && connections.isUploading(socket)) return;
      const path = pathIn(error) ?? connections.lastPath(socket) ?? '/v1/';
      refuseSocket(error, socket, dialects.of(path));
    },
    frameworkErrors(error, request, reply) {
      nameRequest(request, reply);
      fail(error, request, reply);
    },
  });
  takeText(app);
  app.addHook('onRequest', (request, reply, done) => {
    nameRequest(request, reply);
    connections.note(request);
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

function serverOptions({ tls, trustProxy = [], timeouts }: HttpOptions) {
  const requestTimeout = timeouts?.requestMs ?? requestTimeoutMs;
  const http = {
    headersTimeout: timeouts?.headersMs ?? Math.min(headersTimeoutMs, requestTimeout / 2),
    requestTimeout,
    connectionsCheckingInterval: timeouts?.checkMs ?? timeoutCheckMs,
    maxHeaderSize: largestHeadersBytes,
  };
  return {
    ...(tls ? { https: { ...http, ...tls, minVersion: 'TLSv1.2' as const } } : { http }),
    requestTimeout,
    keepAliveTimeout: 75_000,
    bodyLimit: largestBodyBytes,
    trustProxy: trustProxy.length > 0 ? [...trustProxy] : false,
    routerOptions: { maxParamLength: longestPathPart },
    // Requests have been seen off before the server closes; what is left has asked for nothing.
    forceCloseConnections: true,
    return503OnClosing: false,
    schemaController: { compilersFactory: { buildValidator: noSchemas, buildSerializer: noSchemas } },
    requestIdHeader: false,
    genReqId: requestId,
  } as const;
}

/** No route has a schema that Fastify would check: the compilers for that are a good part of what its start costs. */
function noSchemas(): never {
  throw new Error('Routes have no schemas here: parse the body in the handler.');
}

/** A proxy in front may name the request; what it says is only taken if it is a plain id. */
function requestId(request: { headers: Record<string, string | string[] | undefined> }): string {
  const given = request.headers['x-request-id'];
  return typeof given === 'string' && /^[\w.:-]{1,128}$/.test(given) ? given : randomUUID();
}
