import type { ClusterError } from '../error.ts';

/** How Ollama words that a model is too large for what is free on its machine, and our agents that it is for all of it. */
const tooLarge = /requires more (?:\w+ )?memory|does not fit into the memory/i;

/** Whether the backend had too little memory to load the model: it has done nothing with the call. */
export function isOutOfMemory({ reason, message }: ClusterError): boolean {
  return reason === 'upstream_error' && tooLarge.test(message);
}
