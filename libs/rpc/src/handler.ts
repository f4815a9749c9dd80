import type {
  DescMessage,
  DescMethod,
  DescMethodBiDiStreaming,
  DescMethodClientStreaming,
  DescMethodServerStreaming,
  DescMethodUnary,
  DescService,
  MessageInitShape,
  MessageShape,
} from '@bufbuild/protobuf';
import type { Principal } from '@tutti/core';

/** What a handler knows of its call besides the request. */
export interface HandlerContext {
  /** Aborted when the client has left or its deadline has passed; the reason is a ClusterError that tells which. */
  readonly signal: AbortSignal;
  /** The caller's metadata: lower-case names, first values, text only. */
  readonly metadata: ReadonlyMap<string, string>;
  /** Where the call comes from, as `address:port`; the port follows the last colon. */
  readonly peer: string;
  /** Who calls, by certificate; undefined without mutual TLS. */
  readonly identity?: PeerIdentity | undefined;
  /** Who calls, by key; undefined where the service asks for none. */
  readonly principal?: Principal | undefined;
}

/** One of our own processes, as its certificate names it. */
export interface PeerIdentity {
  readonly kind: 'node' | 'orchestrator';
  readonly id: string;
  /** Serial number of the certificate, lower-case hex. */
  readonly serial: string;
}

/** Lets a call in, or throws: `unauthenticated` or `forbidden`. What it returns is the handler's `principal`. */
export type Authorize = (
  method: DescMethod,
  caller: Omit<HandlerContext, 'signal' | 'principal'>,
) => Principal | undefined;

type UnaryHandler<I extends DescMessage, O extends DescMessage> = (
  request: MessageShape<I>,
  context: HandlerContext,
) => Promise<MessageInitShape<O>>;

type ServerStreamHandler<I extends DescMessage, O extends DescMessage> = (
  request: MessageShape<I>,
  context: HandlerContext,
) => AsyncIterable<MessageInitShape<O>>;

type ClientStreamHandler<I extends DescMessage, O extends DescMessage> = (
  requests: AsyncIterable<MessageShape<I>>,
  context: HandlerContext,
) => Promise<MessageInitShape<O>>;

type BidiStreamHandler<I extends DescMessage, O extends DescMessage> = (
  requests: AsyncIterable<MessageShape<I>>,
  context: HandlerContext,
) => AsyncIterable<MessageInitShape<O>>;

/** What answers a method. It fails by throwing a ClusterError; the text of anything else thrown is not told. */
type Handler<M extends DescMethod> =
  M extends DescMethodUnary<infer I, infer O>
    ? UnaryHandler<I, O>
    : M extends DescMethodServerStreaming<infer I, infer O>
      ? ServerStreamHandler<I, O>
      : M extends DescMethodClientStreaming<infer I, infer O>
        ? ClientStreamHandler<I, O>
        : M extends DescMethodBiDiStreaming<infer I, infer O>
          ? BidiStreamHandler<I, O>
          : never;

/** A handler for each method of a service, under the method's name in TypeScript. */
export type Implementation<S extends DescService> = {
  readonly [Name in keyof S['method']]: Handler<S['method'][Name]>;
};

/** A handler whose types are known at run time only, from the descriptor. */
export type AnyHandler = (input: unknown, context: HandlerContext) => unknown;

/** The handler of a method, if the implementation has one. */
export function handlerOf(implementation: object, method: DescMethod): AnyHandler | undefined {
  return (implementation as Readonly<Record<string, AnyHandler | undefined>>)[method.localName];
}
