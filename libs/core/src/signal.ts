import { ClusterError } from './error.ts';

/**
 * Runs `task` when `signal` aborts, or now if it has. The returned function takes that back.
 * (`AbortSignal.any` and `AbortSignal.timeout` keep what they link alive for too long on a request's way.)
 */
export function onAbort(signal: AbortSignal, task: () => void): () => void {
  if (signal.aborted) {
    task();
    return () => {};
  }
  signal.addEventListener('abort', task, { once: true });
  return () => signal.removeEventListener('abort', task);
}

/** A controller that aborts with `signal`, and by itself. Call `unlink` when it is no longer needed. */
export function linkedController(signal: AbortSignal): { controller: AbortController; unlink: () => void } {
  const controller = new AbortController();
  const unlink = onAbort(signal, () => controller.abort(signal.reason));
  return { controller, unlink };
}

/** What an aborted call ends with: the signal's own ClusterError if it has one (a deadline), else `client_closed`. */
export function abortError(signal: AbortSignal): ClusterError {
  const { reason } = signal as { reason: unknown };
  return reason instanceof ClusterError
    ? reason
    : new ClusterError('client_closed', 'request canceled', { cause: reason });
}

export function throwIfAborted(signal: AbortSignal): void {
  if (signal.aborted) throw abortError(signal);
}
