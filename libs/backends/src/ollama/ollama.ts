import {
  isLoad,
  opened,
  throwIfAborted,
  type Call,
  type Chunk,
  type Context,
  type Generate,
  type Stream,
} from '@tutti/core';
import {
  parseChatLine,
  parseEmbedBody,
  parseEmbeddingsBody,
  parseError,
  parseGenerateLine,
  renderRequest,
} from '@tutti/dialects/ollama';
import { withToolChoice } from '@tutti/dialects/tool-choice';
import type { Backend } from '../backend.ts';
import { isRemote } from '../hosted.ts';
import { ollamaUrl } from './base-url.ts';
import { ollamaBlobs, usualModelsFolder } from './blobs.ts';
import { createHttp, type Http } from '../http.ts';
import { createInventory, readRunners } from './inventory.ts';
import { streamed } from '../streamed.ts';
import { runVerb } from './verbs.ts';

interface Settings {
  readonly llamaBaseUrl?: string | undefined;
  readonly ollamaHost?: string | undefined;
  readonly ollamaModels?: string | undefined;
}

/** An Ollama server, by its own API: its /v1 loses errors that come in the middle of an answer. */
export async function openOllama(settings: Settings): Promise<Backend> {
  const url = ollamaUrl(settings);
  const http = createHttp({ url, server: 'Ollama', parseError: (status, { text }) => parseError(status, text) });
  const remote = isRemote(url);
  return {
    generate: withToolChoice(generateOn(http)),
    inventory: createInventory(http),
    residents: (signal) => readRunners(http, signal),
    remote,
    verb: (request, signal) => runVerb(http, request, signal),
    blobs: ollamaBlobs(http, settings.ollamaModels ?? (remote ? undefined : usualModelsFolder)),
    close: () => http.close(),
  };
}

const parsers = {
  '/api/chat': parseChatLine,
  '/api/generate': parseGenerateLine,
  '/api/embed': parseEmbedBody,
  '/api/embeddings': parseEmbeddingsBody,
} as const;

function generateOn(http: Http): Generate {
  const open = async function* (call: Call, { signal, hops }: Context): AsyncGenerator<Chunk, Stream<Chunk>> {
    throwIfAborted(signal);
    const { path, body } = renderRequest(call, { stream: !isLoad(call) });
    const parse: (text: string) => Chunk[] = parsers[path];
    const response = await http.send('POST', path, { body, signal, headers: { 'x-tutti-hops': String(hops) } });
    return streamed(response, { line: parse }, signal);
  };
  return (call, context) => opened(open(call, context));
}
