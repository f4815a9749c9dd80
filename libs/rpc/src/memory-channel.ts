import type { DescMessage, DescMethod, DescService, MessageInitShape, MessageShape } from '@bufbuild/protobuf';
import { Metadata, status } from '@grpc/grpc-js';
import { onAbort } from '@tutti/core';
import { channelClosed } from './channel.ts';
import type { Channel, ChannelCallOptions } from './channel.ts';
import { handlerOf } from './handler.ts';
import type { AnyHandler, Implementation } from './handler.ts';
import { openMemoryCall } from './memory-call.ts';
import type { MemoryCall } from './memory-call.ts';
import { decode, encode } from './service-definition.ts';
import type { Method } from './service-definition.ts';
import { errorFromStatus } from './status.ts';
import { unlessAborted } from './wait.ts';

/** A channel to implementations in the same process. */
export interface MemoryChannel extends Channel {
  addService<S extends DescService>(service: S, implementation: Partial<Implementation<S>>): void;
}

/** No sockets, and all else as over one: messages are encoded, deadlines kept, errors of handlers hidden or rebuilt. */
export function createMemoryChannel(): MemoryChannel {
  const handlers = new Map<DescMethod, AnyHandler>();
  let closed = false;
  const handle = (method: DescMethod, input: unknown, call: MemoryCall): unknown => {
    if (closed) throw channelClosed();
    const handler = handlers.get(method);
    if (handler) return handler(input, call.context);
    throw errorFromStatus({ code: status.UNIMPLEMENTED, details: '', metadata: new Metadata() });
  };
  return {
    unary: (method, request, options) =>
      first(answers(method, options, (call) => single(handle(method, copy(method.input, request), call)))),
    serverStream: (method, request, options) =>
      answers(method, options, (call) => handle(method, copy(method.input, request), call)),
    clientStream: (method, requests, options) =>
      first(answers(method, options, (call) => single(handle(method, requestsOf(method, requests, call), call)))),
    close() {
      closed = true;
    },
    addService(service, implementation) {
      for (const method of service.methods) {
        const handler = handlerOf(implementation, method);
        if (handler) handlers.set(method, handler);
      }
    },
  };
}

/** Runs a handler and gives its answers as the client gets them. */
async function* answers<O extends DescMessage>(
  method: Method<DescMessage, O>,
  options: ChannelCallOptions,
  handle: (call: MemoryCall) => unknown,
): AsyncGenerator<MessageShape<O>, void, undefined> {
  const call = openMemoryCall(options);
  try {
    yield* copies(method.output, handle(call) as AsyncIterable<MessageInitShape<O>>, call.context.signal);
    call.complete();
  } catch (thrown) {
    throw call.errorOf(thrown);
  } finally {
    call.close();
  }
}

/** The client's requests as the handler gets them. If they fail, the call is over. */
function requestsOf<I extends DescMessage>(
  method: Method<I, DescMessage>,
  requests: AsyncIterable<MessageInitShape<I>>,
  call: MemoryCall,
): AsyncIterable<MessageShape<I>> {
  async function* guarded(): AsyncGenerator<MessageShape<I>, void, undefined> {
    try {
      yield* copies(method.input, requests, call.context.signal);
    } catch (thrown) {
      throw call.cancelWith(thrown);
    }
  }
  const items = guarded();
  call.onClose(() => void items.return().catch(() => {}));
  return items;
}

/** Passes messages on as a wire would: each a copy, and none once `signal` has aborted. */
async function* copies<D extends DescMessage>(
  schema: D,
  source: AsyncIterable<MessageInitShape<D>>,
  signal: AbortSignal,
): AsyncGenerator<MessageShape<D>, void, undefined> {
  const iterator = source[Symbol.asyncIterator]();
  // Not awaited: a source that is slow to stop holds up nobody.
  const stop = (): void => void iterator.return?.().catch(() => {});
  const unlink = onAbort(signal, stop);
  try {
    for (;;) {
      const next = await unlessAborted(signal, iterator.next());
      if (next.done) return;
      yield copy(schema, next.value);
    }
  } finally {
    unlink();
    stop();
  }
}

function copy<D extends DescMessage>(schema: D, init: MessageInitShape<D>): MessageShape<D> {
  return decode(schema, encode(schema, init));
}

async function* single(answer: unknown): AsyncGenerator<unknown, void, undefined> {
  yield await answer;
}

async function first<T>(source: AsyncGenerator<T, void, undefined>): Promise<T> {
  const { value } = await source.next();
  await source.next();
  return value as T;
}
