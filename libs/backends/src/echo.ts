import {
  canonicalModel,
  ClusterError,
  delta,
  done,
  modelNotFound,
  throwIfAborted,
  type Call,
  type Generate,
} from '@tutti/core';
import type { Backend } from './backend.ts';

/** The name under which the echo is listed. */
export const echoModel = 'echo:latest';

/** Answers every call with its own words, and says that it is no model: for trying Tutti out where there is none. */
export function echoBackend(): Backend {
  return {
    generate: echo,
    async inventory() {
      const model = { name: echoModel, capabilities: ['completion'] };
      return { backend: { kind: 'echo' }, models: [model], runners: [{ model: echoModel }] };
    },
    async *verb() {
      throw new ClusterError(
        'not_implemented',
        'The echo has no models to handle. Install Ollama, or give the agent a model file.',
      );
    },
    async close() {},
  };
}

const echo: Generate = async function* (call, context) {
  throwIfAborted(context.signal);
  if (canonicalModel(call.model) !== echoModel) throw modelNotFound(call.model);
  const words = wordsOf(call);
  const limit = call.numPredict !== undefined && call.numPredict >= 0 ? call.numPredict : Infinity;
  let sent = 0;
  for (const word of words) {
    if (sent >= limit) break;
    throwIfAborted(context.signal);
    yield delta({ text: sent === 0 ? word : ` ${word}` });
    sent += 1;
  }
  const reason = words.length === 0 ? 'load' : sent < words.length ? 'length' : 'stop';
  yield done({ reason, usage: { estimated: true, promptTokens: words.length, outputTokens: sent }, timings: {} });
};

function wordsOf({ kind }: Call): string[] {
  if (kind.case === 'embed') {
    throw new ClusterError(
      'invalid_request',
      'The echo is no model and makes no embeddings. Install Ollama, or ask for another model.',
    );
  }
  const text = kind.case === 'completion' ? kind.value.prompt : lastUserText(kind.value?.messages ?? []);
  if (text === undefined || text === '') return [];
  return `I am an echo, not a model. You said: ${text}`.split(/\s+/);
}

type Messages = Extract<Call['kind'], { case: 'chat' }>['value']['messages'];

function lastUserText(messages: Messages): string | undefined {
  const last = messages.findLast((message) => message.role === 'user');
  return last?.parts.map((part) => (part.kind.case === 'text' ? part.kind.value : '')).join(' ');
}
