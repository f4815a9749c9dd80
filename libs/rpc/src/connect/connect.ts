import type { IncomingMessage, ServerResponse } from 'node:http';
import type { DescMethod, DescService } from '@bufbuild/protobuf';
import { createConnectRouter, createContextValues } from '@connectrpc/connect';
import type { HandlerContext as ConnectContext, MethodImpl } from '@connectrpc/connect';
import { universalRequestFromNodeRequest, universalResponseToNodeResponse } from '@connectrpc/connect-node';
import { ClusterError } from '@tutti/core';
import { handlerOf } from '../handler.ts';
import type { AnyHandler, Implementation } from '../handler.ts';
import { answerOnce, answerStream, callerKey } from './connect-call.ts';
import type { ConnectCaller } from './connect-call.ts';
import { toConnectError } from './connect-error.ts';

/** A method over Connect and gRPC-Web, by POST. */
export interface ConnectRoute {
  /** For example `/tutti.v1.NodeService/ListNodes`. */
  readonly path: string;
  readonly method: DescMethod;
  /**
   * Answers the request, whose body nobody must have read, also where it fails or is refused. Throws a ClusterError,
   * and touches neither, if the request is not one of these protocols.
   */
  handle(request: IncomingMessage, response: ServerResponse, caller: ConnectCaller): void;
}

export interface ConnectOptions {
  /** Told of each call that failed, for the log; not of those that the client gave up. */
  readonly onError?: (error: ClusterError, method: string) => void;
}

const maxRequestBytes = 4 * 1024 * 1024;

/**
 * A route for each unary and server-streaming method of a service. Methods that the implementation has not got answer
 * UNIMPLEMENTED. Fields that are not known are ignored, as everywhere in Connect.
 */
export function connectRoutes<S extends DescService>(
  service: S,
  implementation: Partial<Implementation<S>>,
  { onError }: ConnectOptions = {},
): ConnectRoute[] {
  const router = createConnectRouter({
    // It needs HTTP/2, and has a port of its own.
    grpc: false,
    readMaxBytes: maxRequestBytes,
    jsonOptions: { alwaysEmitImplicit: true },
    requestGate({ values }) {
      const { refusal } = values.get(callerKey);
      if (refusal) throw toConnectError(refusal);
    },
  });
  for (const method of service.methods) {
    if (method.methodKind !== 'unary' && method.methodKind !== 'server_streaming') continue;
    const handler = handlerOf(implementation, method) ?? notImplemented;
    const answer = method.methodKind === 'unary' ? answerOnce : answerStream;
    const failed = (error: ClusterError): void => onError?.(error, `${service.typeName}/${method.name}`);
    const run = (input: unknown, context: ConnectContext): unknown => answer(handler, input, context, failed);
    router.rpc(method, run as MethodImpl<typeof method>);
  }
  return router.handlers.map(routeOf);
}

type Handler = ReturnType<typeof createConnectRouter>['handlers'][number];

function routeOf(handler: Handler): ConnectRoute {
  return {
    path: handler.requestPath,
    method: handler.method,
    handle(request, response, caller) {
      const type = request.headers['content-type'] ?? '';
      if (!handler.supportedContentType(type)) throw caller.refusal ?? unsupportedType(type);
      const incoming = incomingOf(request, response, caller);
      handler(incoming)
        .then((answer) => universalResponseToNodeResponse(answer, response))
        // The client has left in the middle of the answer.
        .catch(() => response.destroy());
    },
  };
}

function incomingOf(request: IncomingMessage, response: ServerResponse, caller: ConnectCaller) {
  try {
    const values = createContextValues().set(callerKey, caller);
    return universalRequestFromNodeRequest(request, response, undefined, values);
  } catch (cause) {
    throw new ClusterError('invalid_request', 'The Host header is missing or is no host.', { cause, param: 'host' });
  }
}

function unsupportedType(type: string): ClusterError {
  const seen = type === '' ? 'none' : `"${type.slice(0, 100)}"`;
  return new ClusterError(
    'unsupported_media',
    `This method does not take the Content-Type that was sent (${seen}); send application/json, or use a Connect client.`,
  );
}

const notImplemented: AnyHandler = () => {
  throw new ClusterError('not_implemented', 'This method is not implemented.');
};
