import { Server } from '@grpc/grpc-js';
import type {
  sendUnaryData,
  ServerUnaryCall,
  ServerWritableStream,
  StatusObject,
  UntypedHandleCall,
} from '@grpc/grpc-js';
import type { DescMethod, DescService } from '@bufbuild/protobuf';
import { ClusterError } from '@tutti/core';
import { handlerOf } from './handler.ts';
import type { AnyHandler, Authorize, Implementation } from './handler.ts';
import { answerOnce, answerStream } from './server-call.ts';
import { serviceDefinition } from './service-definition.ts';
import { maxMessageBytes, sharedSettings } from './settings.ts';
import type { Keepalive } from './settings.ts';
import { statusFromError } from './status.ts';
import { addIdentityRule } from './tls/identity-rules.ts';
import type { IdentityRule } from './tls/identity-rules.ts';

/** What one connection may ask of a server. */
export interface Bounds {
  /** Calls at a time; 10,000 by default. */
  readonly mostCalls?: number;
  /** Of one message to it, in bytes; 48 MiB by default. It is kept in memory before the handler can refuse it. */
  readonly largestMessageBytes?: number;
}

/** A grpc-js server for our own processes. It has no port yet. */
export function createServer(keepalive: Keepalive = {}, bounds: Bounds = {}): Server {
  const { mostCalls = 10_000, largestMessageBytes = maxMessageBytes } = bounds;
  const server = new Server({
    ...sharedSettings(keepalive),
    'grpc.max_concurrent_streams': mostCalls,
    'grpc.max_receive_message_length': largestMessageBytes,
  });
  // Node takes a client that cancels a thousand streams at once for an attacker and ends its connection, and with it
  // every other stream. Here it is an orchestrator whose clients have left. grpc-js has no setting for this.
  Object.assign(server['commonServerOptions'], { streamResetBurst: 1_000_000, streamResetRate: 1_000_000 });
  return server;
}

export interface ServiceOptions {
  /** Told of each call that failed, for the log; not of those that the client gave up. */
  readonly onError?: (error: ClusterError, method: string) => void;
  /** Runs before each handler. Without one every caller is let in, and has no principal. */
  readonly authorize?: Authorize;
  /** Whose certificate is needed on a port with TLS. Without a word of it nobody is let in there. */
  readonly identity?: IdentityRule;
}

/** Answers a service with an implementation. Methods that it has not got answer UNIMPLEMENTED. */
export function addService<S extends DescService>(
  server: Server,
  service: S,
  implementation: Partial<Implementation<S>>,
  { onError, authorize, identity }: ServiceOptions = {},
): void {
  if (identity) addIdentityRule(server, service, identity);
  const calls: Record<string, UntypedHandleCall> = {};
  for (const method of service.methods) {
    const handler = handlerOf(implementation, method);
    if (handler === undefined) continue;
    const guarded = authorize ? authorized(authorize, method, handler) : handler;
    calls[method.localName] = handleCall(method, guarded, (thrown) => {
      onError?.(ClusterError.from(thrown), `${service.typeName}/${method.name}`);
      return statusFromError(thrown);
    });
  }
  server.addService(serviceDefinition(service), calls);
}

function authorized(authorize: Authorize, method: DescMethod, handler: AnyHandler): AnyHandler {
  return (input, context) => handler(input, { ...context, principal: authorize(method, context) });
}

type Unary = ServerUnaryCall<unknown, unknown>;
type Stream = ServerWritableStream<unknown, unknown>;

function handleCall(
  method: DescMethod,
  handler: AnyHandler,
  fail: (thrown: unknown) => StatusObject,
): UntypedHandleCall {
  switch (method.methodKind) {
    case 'unary':
    case 'client_streaming':
      return (call: Unary, respond: sendUnaryData<unknown>) => void answerOnce(call, respond, handler, fail);
    case 'server_streaming':
    case 'bidi_streaming':
      return (call: Stream) => void answerStream(call, handler, fail);
  }
}
