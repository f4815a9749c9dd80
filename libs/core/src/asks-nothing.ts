import type { Call } from './generate.ts';

/** Whether a call is Ollama's way to have a model loaded or unloaded: it has nothing to answer. */
export function isLoad({ kind }: Call): boolean {
  if (kind.case === 'chat') return kind.value.messages.length === 0;
  return kind.case === 'completion' && kind.value.prompt === '';
}

/** Whether it has the model unloaded. */
export function isUnload(call: Call): boolean {
  return call.keepAliveMs === 0 && isLoad(call);
}

/** Whether it is a load or an unload, or a call for the vectors of no text. */
export function asksNothing(call: Call): boolean {
  return isLoad(call) || (call.kind.case === 'embed' && call.kind.value.inputs.length === 0);
}
