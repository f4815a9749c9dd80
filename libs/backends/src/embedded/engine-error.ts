import { abortError, ClusterError } from '@tutti/core';

/** What the engine threw while working for a call, as a ClusterError. */
export function engineError(thrown: unknown, signal: AbortSignal): ClusterError {
  if (thrown instanceof ClusterError) return thrown;
  if (signal.aborted) return abortError(signal);
  if (thrown instanceof Error && thrown.name === 'InsufficientMemoryError') {
    const message =
      'this machine has not enough free memory for the model: ask for a smaller num_ctx or use a smaller model';
    return new ClusterError('upstream_error', message, { cause: thrown });
  }
  return new ClusterError('upstream_error', 'the embedded engine failed while running the model', { cause: thrown });
}
