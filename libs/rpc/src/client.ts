import type {
  DescMethod,
  DescMethodClientStreaming,
  DescMethodServerStreaming,
  DescMethodUnary,
  DescService,
  MessageInitShape,
  MessageShape,
} from '@bufbuild/protobuf';
import type { Channel, ChannelCallOptions } from './channel.ts';

export interface CallOptions {
  /** Aborting it ends the call at once, here and at the server. */
  readonly signal?: AbortSignal;
  /** Milliseconds that the call may take in all; `Infinity`: as long as `signal` lets it, which costs much less. */
  readonly deadlineMs?: number;
  /** Sent with the request: lower-case names, ASCII text. */
  readonly metadata?: Readonly<Record<string, string>>;
}

export interface ClientOptions {
  /** Deadline of calls that name none, in milliseconds. */
  readonly deadlineMs: number;
}

type ClientMethod<M extends DescMethod> =
  M extends DescMethodUnary<infer I, infer O>
    ? (request: MessageInitShape<I>, options?: CallOptions) => Promise<MessageShape<O>>
    : M extends DescMethodServerStreaming<infer I, infer O>
      ? (request: MessageInitShape<I>, options?: CallOptions) => AsyncIterable<MessageShape<O>>
      : M extends DescMethodClientStreaming<infer I, infer O>
        ? (requests: AsyncIterable<MessageInitShape<I>>, options?: CallOptions) => Promise<MessageShape<O>>
        : never;

/**
 * A function for each method of a service. Calls fail with a ClusterError, and only so: the one that the handler threw,
 * or one that tells what became of the call.
 *
 * A stream starts when reading starts; leaving the loop cancels it. Over a socket, an error may overtake messages that a
 * slow reader has not taken yet.
 */
export type Client<S extends DescService> = {
  readonly [Name in keyof S['method']]: ClientMethod<S['method'][Name]>;
};

/** Timers and servers count milliseconds in 32 bits. */
const longestDeadlineMs = 2_000_000_000;

function countable(deadlineMs: number): number {
  return deadlineMs === Infinity ? Infinity : Math.min(deadlineMs, longestDeadlineMs);
}

/** Calls `service` over `channel`. Bidirectional methods are left out. */
export function createClient<S extends DescService>(channel: Channel, service: S, defaults: ClientOptions): Client<S> {
  const filled = ({ signal, deadlineMs, metadata }: CallOptions = {}): ChannelCallOptions => ({
    signal,
    deadlineMs: countable(deadlineMs ?? defaults.deadlineMs),
    metadata: metadata ?? {},
  });
  const methods = service.methods.map((method) => [method.localName, clientMethod(channel, method, filled)]);
  return Object.fromEntries(methods) as Client<S>;
}

type Fill = (options?: CallOptions) => ChannelCallOptions;
type Init = Record<string, unknown>;

function clientMethod(channel: Channel, method: DescMethod, filled: Fill): unknown {
  switch (method.methodKind) {
    case 'unary':
      return (request: Init, options?: CallOptions) => channel.unary(method, request, filled(options));
    case 'server_streaming':
      return (request: Init, options?: CallOptions) => channel.serverStream(method, request, filled(options));
    case 'client_streaming':
      return (requests: AsyncIterable<Init>, options?: CallOptions) =>
        channel.clientStream(method, requests, filled(options));
    case 'bidi_streaming':
      return undefined;
  }
}
