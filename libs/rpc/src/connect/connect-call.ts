import { Code, ConnectError, createContextKey } from '@connectrpc/connect';
import type { HandlerContext as ConnectContext } from '@connectrpc/connect';
import { abortError, ClusterError, onAbort } from '@tutti/core';
import type { AnyHandler, HandlerContext } from '../handler.ts';
import { unlessAborted, untilAborted } from '../wait.ts';
import { toConnectError } from './connect-error.ts';

/** What is known of a caller before its request is read. */
export interface ConnectCaller extends Omit<HandlerContext, 'signal' | 'identity'> {
  /** Why it is refused; its request is not read. */
  readonly refusal?: ClusterError | undefined;
}

export const callerKey = createContextKey<ConnectCaller>({ metadata: new Map(), peer: '' });

/** Told of an error that goes to the client. */
type OnError = (error: ClusterError) => void;

/** Runs a handler that answers with one message. */
export async function answerOnce(
  handler: AnyHandler,
  input: unknown,
  connect: ConnectContext,
  onError: OnError,
): Promise<unknown> {
  const { context, fail, close } = openCall(connect, onError);
  try {
    return await unlessAborted(context.signal, handler(input, context) as Promise<unknown>);
  } catch (thrown) {
    throw fail(thrown);
  } finally {
    close();
  }
}

/** Runs a handler that answers with a stream, no faster than the client reads. */
export async function* answerStream(
  handler: AnyHandler,
  input: unknown,
  connect: ConnectContext,
  onError: OnError,
): AsyncGenerator<unknown, void, undefined> {
  const { context, fail, close } = openCall(connect, onError);
  try {
    yield* untilAborted(context.signal, handler(input, context) as AsyncIterable<unknown>);
  } catch (thrown) {
    throw fail(thrown);
  } finally {
    close();
  }
}

function openCall({ signal, values }: ConnectContext, onError: OnError) {
  const { metadata, peer, principal } = values.get(callerKey);
  const controller = new AbortController();
  // Connect aborts its own signal also when all went well.
  const close = onAbort(signal, () => controller.abort(reasonOf(signal)));
  const context: HandlerContext = { signal: controller.signal, metadata, peer, principal };
  const fail = (thrown: unknown): ConnectError => {
    const error = controller.signal.aborted ? abortError(controller.signal) : ClusterError.from(thrown);
    if (error.reason !== 'client_closed') onError(error);
    return toConnectError(error);
  };
  return { context, fail, close };
}

function reasonOf({ reason }: AbortSignal): ClusterError {
  return reason instanceof ConnectError && reason.code === Code.DeadlineExceeded
    ? new ClusterError('deadline_exceeded', 'the deadline of the call has passed')
    : new ClusterError('client_closed', 'request canceled');
}
