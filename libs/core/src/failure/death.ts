import type { ClusterError } from '../error.ts';

/** How Ollama words that the process which ran the model is no more, and our agents that Ollama itself is. */
const deaths =
  /runner process (?:has terminated|no longer running)|runner has unexpectedly stopped|unexpected EOF|connection to the backend broke/i;

/** Whether whatever ran the call died on it. `sent`: the node had taken the call. */
export function isDeath({ reason, message }: ClusterError, sent: boolean): boolean {
  if (reason === 'node_unreachable') return sent;
  return reason === 'upstream_error' && deaths.test(message);
}
