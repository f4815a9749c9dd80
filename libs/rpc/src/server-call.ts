import type { EventEmitter } from 'node:events';
import type {
  sendUnaryData,
  ServerDuplexStream,
  ServerReadableStream,
  ServerUnaryCall,
  ServerWritableStream,
  StatusObject,
} from '@grpc/grpc-js';
import { ClusterError, throwIfAborted } from '@tutti/core';
import type { AnyHandler, HandlerContext } from './handler.ts';
import { identityOf } from './tls/guard.ts';
import { drained, untilCalled } from './wait.ts';

type OneAnswerCall = ServerUnaryCall<unknown, unknown> | ServerReadableStream<unknown, unknown>;
type StreamCall = ServerWritableStream<unknown, unknown> | ServerDuplexStream<unknown, unknown>;
type RequestsCall = ServerReadableStream<unknown, unknown> | ServerDuplexStream<unknown, unknown>;

type AnyCall = EventEmitter & Pick<ServerUnaryCall<unknown, unknown>, 'getDeadline' | 'getPeer' | 'metadata'>;

/** What a handler has thrown, as the status to send. */
type Fail = (thrown: unknown) => StatusObject;

/** Runs a handler that answers with one message. Never rejects. */
export async function answerOnce(
  call: OneAnswerCall,
  respond: sendUnaryData<unknown>,
  handler: AnyHandler,
  fail: Fail,
): Promise<void> {
  const { context, close } = openCall(call);
  try {
    respond(null, await handler(inputOf(call, context.signal), context));
  } catch (thrown) {
    if (!context.signal.aborted) respond(fail(thrown));
  } finally {
    close();
  }
}

/** Runs a handler that answers with a stream, no faster than the client reads. Never rejects. */
export async function answerStream(call: StreamCall, handler: AnyHandler, fail: Fail): Promise<void> {
  const { context, close } = openCall(call);
  const { signal } = context;
  try {
    for await (const message of handler(inputOf(call, signal), context) as AsyncIterable<unknown>) {
      if (!signal.aborted && !call.write(message)) await drained(call, signal);
      if (signal.aborted) return;
    }
    call.end();
  } catch (thrown) {
    // Not `call.destroy(error)`: it sends no status, and the client waits for ever.
    if (!signal.aborted) call.emit('error', fail(thrown));
  } finally {
    close();
  }
}

function openCall(call: AnyCall): { context: HandlerContext; close: () => void } {
  const controller = new AbortController();
  const cancel = (): void => controller.abort(cancelReason(Number(call.getDeadline())));
  call.once('cancelled', cancel);
  const metadata = new Map<string, string>();
  for (const [name, value] of Object.entries(call.metadata.getMap())) {
    if (typeof value === 'string') metadata.set(name, value);
  }
  const context = { signal: controller.signal, metadata, peer: call.getPeer(), identity: identityOf(call.metadata) };
  return { context, close: () => call.removeListener('cancelled', cancel) };
}

/** A client whose deadline passes cancels too, and its cancel is often here before our own clock has reached the deadline. */
function cancelReason(deadline: number): ClusterError {
  const toleranceMs = 100;
  return Date.now() >= deadline - toleranceMs
    ? new ClusterError('deadline_exceeded', 'the deadline of the call has passed')
    : new ClusterError('client_closed', 'request canceled');
}

function inputOf(call: OneAnswerCall | StreamCall, signal: AbortSignal): unknown {
  return 'request' in call ? call.request : requestsOf(call, signal);
}

/** How long the reset of a cancelled stream may lag behind its end. */
const resetLagMs = 20;

async function* requestsOf(call: RequestsCall, signal: AbortSignal): AsyncGenerator<unknown, void, undefined> {
  try {
    // A handler that stops reading may still answer: leaving the loop must not destroy the call.
    for await (const request of call.iterator({ destroyOnReturn: false })) yield request;
  } catch (thrown) {
    throwIfAborted(signal);
    throw thrown;
  }
  // Node ends a stream before it resets it, so one that the client gave up looks complete for a moment.
  await untilCalled(signal, (listener) => {
    const timer = setTimeout(listener, resetLagMs);
    return () => clearTimeout(timer);
  });
  throwIfAborted(signal);
}
