import { getOption, type DescMethod, type DescService, type JsonValue } from '@bufbuild/protobuf';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { ClusterError, type Clock } from '@tutti/core';
import { parseJson } from '@tutti/dialects/json';
import { permission } from '@tutti/proto/tutti/v1/options';
import type { Implementation } from '@tutti/rpc';
import { restRoutes, type RestRequest, type RestRoute } from '@tutti/rpc/rest';
import { connectRoutes, type ConnectRoute } from '@tutti/rpc/connect';
import type { Log } from '@tutti/runtime/log';
import { json } from '../http/content-types.ts';
import { sendEvents } from './event-stream.ts';
import { bodyOf } from '../http/body.ts';
import { whileConnected } from '../http/while-connected.ts';

interface Options {
  readonly clock: Clock;
  readonly log: Log;
}

const largestBodyBytes = 4 * 2 ** 20;

/** Serves one of our own services by REST, Connect and gRPC-Web, each method with the permission that it names. */
export function publicService<S extends DescService>(
  app: FastifyInstance,
  service: S,
  implementation: Partial<Implementation<S>>,
  { clock, log }: Options,
): void {
  const onError: OnError = (error, method) => {
    if (error.reason === 'internal') log.error('call failed', { method, cause: error.cause });
  };
  for (const route of restRoutes(service, implementation, { onError })) addRest(app, route, { clock, onError });
  app.register(async (scope) => {
    // Connect reads the body itself.
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('*', (_request, _body, done) => done(null));
    for (const route of connectRoutes(service, implementation, { onError })) addConnect(scope, route);
  });
}

type OnError = (error: ClusterError, method: string) => void;

function addRest(app: FastifyInstance, route: RestRoute, { clock, onError }: { clock: Clock; onError: OnError }): void {
  const { verb, path, method, handle } = route;
  const failed = (error: ClusterError): void => onError(error, `${method.parent.typeName}/${method.name}`);
  app.route({
    method: verb,
    url: path,
    config: { ...configOf(method), dialect: 'problem' },
    bodyLimit: largestBodyBytes,
    // The answer to HEAD is that to GET without its body; an endless one has no end either way.
    exposeHeadRoute: method.methodKind === 'unary',
    handler: async (request, reply) => {
      const signal = whileConnected(reply);
      const answer = await handle({ ...partsOf(request), ...callerOf(request), signal });
      if (answer.kind === 'events')
        return sendEvents(request, reply, answer.events, { signal, clock, onError: failed });
      return reply.code(answer.status).type(json).send(answer.text);
    },
  });
}

function addConnect(app: FastifyInstance, { path, method, handle }: ConnectRoute): void {
  const answer = (request: FastifyRequest, reply: FastifyReply, refusal?: ClusterError): void => {
    for (const [name, value] of Object.entries(reply.getHeaders())) reply.raw.setHeader(name, value as string);
    handle(request.raw, reply.raw, { ...callerOf(request), refusal });
    reply.hijack();
  };
  app.route({
    method: 'POST',
    url: path,
    config: configOf(method),
    handler: async (request, reply) => answer(request, reply),
    errorHandler: (error, request, reply) => answer(request, reply, ClusterError.from(error)),
  });
}

function configOf(method: DescMethod) {
  return { permission: getOption(method, permission) };
}

function partsOf(request: FastifyRequest): Pick<RestRequest, 'params' | 'query' | 'body'> {
  const text = bodyOf(request);
  return {
    params: request.params as RestRequest['params'],
    query: request.query as RestRequest['query'],
    body: text.trim() === '' ? undefined : (parseJson(text) as JsonValue),
  };
}

function callerOf(request: FastifyRequest): Pick<RestRequest, 'metadata' | 'peer' | 'principal'> {
  const metadata = new Map<string, string>();
  for (const [name, value] of Object.entries(request.headers)) {
    const first = Array.isArray(value) ? value[0] : value;
    if (first !== undefined) metadata.set(name, first);
  }
  return { metadata, peer: `${request.ip}:${request.socket.remotePort}`, principal: request.principal };
}
