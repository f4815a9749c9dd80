import type { DescMessage, MessageInitShape, MessageShape } from '@bufbuild/protobuf';
import { ClusterError } from '@tutti/core';
import type { Method } from './service-definition.ts';

/** A call's options with the defaults filled in. */
export interface ChannelCallOptions {
  readonly signal: AbortSignal | undefined;
  readonly deadlineMs: number;
  readonly metadata: Readonly<Record<string, string>>;
}

/** The way to one server, shared by any number of clients. Whoever made it closes it. */
export interface Channel {
  unary<I extends DescMessage, O extends DescMessage>(
    method: Method<I, O>,
    request: MessageInitShape<I>,
    options: ChannelCallOptions,
  ): Promise<MessageShape<O>>;

  serverStream<I extends DescMessage, O extends DescMessage>(
    method: Method<I, O>,
    request: MessageInitShape<I>,
    options: ChannelCallOptions,
  ): AsyncIterable<MessageShape<O>>;

  clientStream<I extends DescMessage, O extends DescMessage>(
    method: Method<I, O>,
    requests: AsyncIterable<MessageInitShape<I>>,
    options: ChannelCallOptions,
  ): Promise<MessageShape<O>>;

  /** Refuses new calls. Running ones may end. */
  close(): void;
}

export function channelClosed(): ClusterError {
  return new ClusterError('node_unreachable', 'the connection to the other process was closed on this side');
}
