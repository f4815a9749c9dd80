import type { Call } from '@tutti/core';

/** Whether a call is Ollama's way to have a model loaded or unloaded: it has nothing to answer. */
export function isLoad({ kind }: Call): boolean {
  if (kind.case === 'chat') return kind.value.messages.length === 0;
  return kind.case === 'completion' && kind.value.prompt === '';
}

/** The same, or a call for the vectors of no text. */
export function asksNothing(call: Call): boolean {
  return isLoad(call) || (call.kind.case === 'embed' && call.kind.value.inputs.length === 0);
}
