import { Metadata } from '@grpc/grpc-js';
import type { CallOptions, Client, ClientReadableStream, ClientWritableStream, ServiceError } from '@grpc/grpc-js';
import type { DescMessage, MessageInitShape, MessageShape } from '@bufbuild/protobuf';
import { abortError, ClusterError, onAbort } from '@tutti/core';
import type { ChannelCallOptions } from './channel.ts';
import { methodDefinition } from './service-definition.ts';
import type { Method } from './service-definition.ts';
import { errorFromStatus } from './status.ts';
import { drained } from './wait.ts';

/** Gives the connection, or throws if it was closed. */
type Connection = () => Client;

/** Runs a call with one request and one answer. */
export function unary<I extends DescMessage, O extends DescMessage>(
  connection: Connection,
  method: Method<I, O>,
  request: MessageInitShape<I>,
  options: ChannelCallOptions,
): Promise<MessageShape<O>> {
  const { path, requestSerialize: write, responseDeserialize: read } = methodDefinition(method);
  return answerOf<MessageShape<O>>(options.signal, (settle) =>
    connection().makeUnaryRequest(path, write, read, request, metadataOf(options), timeOf(options), settle),
  );
}

/** Runs a call with many answers. It starts when reading starts, and goes no faster than its reader. */
export async function* serverStream<I extends DescMessage, O extends DescMessage>(
  connection: Connection,
  method: Method<I, O>,
  request: MessageInitShape<I>,
  options: ChannelCallOptions,
): AsyncGenerator<MessageShape<O>, void, undefined> {
  const { path, requestSerialize: write, responseDeserialize: read } = methodDefinition(method);
  if (options.signal?.aborted) throw abortError(options.signal);
  const call = connection().makeServerStreamRequest(path, write, read, request, metadataOf(options), timeOf(options));
  const unlink = cancelOnAbort(call, options.signal);
  const messages = readMessages<MessageShape<O>>(call);
  try {
    for (let message = await messages.next(); message !== undefined; message = await messages.next()) yield message;
  } catch (thrown) {
    throw errorOf(thrown, options.signal);
  } finally {
    unlink();
    // Leaving the loop alone does not tell the server.
    if (!messages.ended) call.cancel();
  }
}

/** Messages that may lie here unread before the call is paused. */
const mostUnread = 16;

/**
 * The messages of a call, one at a time; undefined at the end. What Node's own iterator sets up for a stream costs more
 * than reading the two or three messages of a short answer.
 */
function readMessages<T>(call: ClientReadableStream<T>) {
  const unread: T[] = [];
  let ended = false;
  let failure: Error | undefined;
  let wake = (): void => {};
  call.on('data', (message: T) => {
    if (unread.push(message) >= mostUnread) call.pause();
    wake();
  });
  call.on('end', () => {
    ended = true;
    wake();
  });
  // Stays: the status of a call that its reader has left comes later, and an error that nobody hears ends the process.
  call.on('error', (error) => {
    ended = true;
    failure = error;
    wake();
  });
  return {
    get ended() {
      return ended;
    },
    async next(): Promise<T | undefined> {
      while (unread.length === 0 && !ended) await new Promise<void>((resolve) => (wake = resolve));
      if (unread.length === 0 && failure) throw failure;
      const message = unread.shift();
      if (unread.length === 0 && call.isPaused()) call.resume();
      return message;
    },
  };
}

/** Runs a call with many requests, which are taken as fast as the server reads them and only until it has answered. */
export function clientStream<I extends DescMessage, O extends DescMessage>(
  connection: Connection,
  method: Method<I, O>,
  requests: AsyncIterable<MessageInitShape<I>>,
  options: ChannelCallOptions,
): Promise<MessageShape<O>> {
  const { path, requestSerialize: write, responseDeserialize: read } = methodDefinition(method);
  const answered = new AbortController();
  return answerOf<MessageShape<O>>(options.signal, (settle) => {
    const onAnswer = (error: ServiceError | null, response?: MessageShape<O>): void => {
      answered.abort();
      settle(error, response);
    };
    const call = connection().makeClientStreamRequest(
      path,
      write,
      read,
      metadataOf(options),
      timeOf(options),
      onAnswer,
    );
    call.on('error', () => {});
    sendAll(call, requests, answered.signal).catch((thrown: unknown) => {
      settle(ClusterError.from(thrown));
      call.cancel();
    });
    return call;
  });
}

interface Cancellable {
  cancel(): void;
}

/** Runs a call that has one answer. `start` gets what the call's outcome goes to. */
async function answerOf<T>(
  signal: AbortSignal | undefined,
  start: (settle: (error: Error | null, response?: T) => void) => Cancellable,
): Promise<T> {
  if (signal?.aborted) throw abortError(signal);
  let unlink = (): void => {};
  try {
    return await new Promise<T>((resolve, reject) => {
      const call = start((error, response) => (error ? reject(error) : resolve(response as T)));
      unlink = cancelOnAbort(call, signal);
    });
  } catch (thrown) {
    throw errorOf(thrown, signal);
  } finally {
    unlink();
  }
}

/** Sends until there is no more, or the server has answered and wants no more. */
async function sendAll<T>(
  call: ClientWritableStream<T>,
  requests: AsyncIterable<T>,
  answered: AbortSignal,
): Promise<void> {
  for await (const request of requests) {
    if (!answered.aborted && !call.write(request)) await drained(call, answered);
    if (answered.aborted) return;
  }
  call.end();
}

function cancelOnAbort(call: Cancellable, signal: AbortSignal | undefined): () => void {
  return signal ? onAbort(signal, () => call.cancel()) : () => {};
}

function errorOf(thrown: unknown, signal: AbortSignal | undefined): ClusterError {
  if (signal?.aborted) return abortError(signal);
  return isServiceError(thrown) ? errorFromStatus(thrown) : ClusterError.from(thrown);
}

function isServiceError(thrown: unknown): thrown is ServiceError {
  return thrown instanceof Error && 'metadata' in thrown && thrown.metadata instanceof Metadata;
}

function metadataOf({ metadata: entries }: ChannelCallOptions): Metadata {
  const metadata = new Metadata();
  for (const [name, value] of Object.entries(entries)) metadata.set(name, value);
  return metadata;
}

function timeOf({ deadlineMs }: ChannelCallOptions): CallOptions {
  return deadlineMs === Infinity ? {} : { deadline: Date.now() + deadlineMs };
}
