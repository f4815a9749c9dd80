import { abortError, ClusterError, onAbort, throwIfAborted } from '@tutti/core';
import type { ChannelCallOptions } from './channel.ts';
import type { HandlerContext } from './handler.ts';
import { errorFromStatus, statusFromError } from './status.ts';

/** A call between two parts of one process. */
export interface MemoryCall {
  readonly context: HandlerContext;
  /** Cancels the call because the client's own requests failed; returns what its handler is told. */
  cancelWith(thrown: unknown): ClusterError;
  /** What the client is told when something was thrown. */
  errorOf(thrown: unknown): ClusterError;
  /** Notes that every answer has been taken. */
  complete(): void;
  /** Has `task` run when the call ends. */
  onClose(task: () => void): void;
  /** Ends the call; before `complete` that cancels it. */
  close(): void;
}

export function openMemoryCall({ signal, deadlineMs, metadata }: ChannelCallOptions): MemoryCall {
  if (signal) throwIfAborted(signal);
  const controller = new AbortController();
  const cancel = (): void => controller.abort(new ClusterError('client_closed', 'request canceled'));
  const expire = (): void =>
    controller.abort(new ClusterError('deadline_exceeded', 'the deadline of the call has passed'));
  const unlink = signal ? onAbort(signal, cancel) : (): void => {};
  const timer = deadlineMs === Infinity ? undefined : setTimeout(expire, deadlineMs);
  let failure: ClusterError | undefined;
  let completed = false;
  let atClose = (): void => {};
  return {
    context: { signal: controller.signal, metadata: new Map(Object.entries(metadata)), peer: 'memory:0' },
    cancelWith(thrown) {
      if (!controller.signal.aborted) failure = ClusterError.from(thrown);
      cancel();
      return abortError(controller.signal);
    },
    errorOf(thrown) {
      if (signal?.aborted) return abortError(signal);
      if (failure) return failure;
      return controller.signal.aborted ? abortError(controller.signal) : errorFromStatus(statusFromError(thrown));
    },
    complete() {
      completed = true;
    },
    onClose(task) {
      atClose = task;
    },
    close() {
      atClose();
      unlink();
      clearTimeout(timer);
      if (!completed) cancel();
    },
  };
}
