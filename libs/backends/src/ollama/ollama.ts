import { ClusterError, throwIfAborted, type Call, type Chunk, type Generate } from '@tutti/core';
import { parseChatLine, parseEmbedBody, parseError, parseGenerateLine, renderRequest } from '@tutti/dialects/ollama';
import { isLoopback } from '@tutti/runtime/config';
import type { Backend } from '../backend.ts';
import { ollamaUrl } from './base-url.ts';
import { createOllamaHttp, upstreamError, type OllamaHttp } from './http.ts';
import { createInventory, readRunners } from './inventory.ts';
import { linesOf } from './lines.ts';
import { runVerb } from './verbs.ts';

interface Settings {
  readonly llamaBaseUrl?: string | undefined;
  readonly ollamaHost?: string | undefined;
}

/** An Ollama server, by its own API: its /v1 loses errors that come in the middle of an answer. */
export async function openOllama(settings: Settings): Promise<Backend> {
  const url = ollamaUrl(settings);
  const http = createOllamaHttp(url, parseError);
  return {
    generate: generateOn(http),
    inventory: createInventory(http),
    residents: (signal) => readRunners(http, signal),
    remote: !isLoopback(new URL(url).hostname.replaceAll(/[[\]]/g, '')),
    verb: (request, signal) => runVerb(http, request, signal),
    close: () => http.close(),
  };
}

const parsers = {
  '/api/chat': parseChatLine,
  '/api/generate': parseGenerateLine,
  '/api/embed': parseEmbedBody,
} as const;

function generateOn(http: OllamaHttp): Generate {
  return async function* (call, { signal, hops }) {
    throwIfAborted(signal);
    const { path, body } = renderRequest(call, { stream: !isLoad(call) });
    const parse: (text: string) => Chunk[] = parsers[path];
    const response = await http.send('POST', path, { body, signal, headers: { 'x-tutti-hops': String(hops) } });
    let finished = false;
    try {
      for await (const lines of linesOf(response)) {
        // What comes after the end is read, so that the socket can be used again, and is passed over.
        for (const line of lines) {
          if (finished) break;
          for (const chunk of parse(line)) {
            throwIfAborted(signal);
            finished ||= chunk.kind.case === 'done';
            yield chunk;
          }
        }
      }
    } catch (thrown) {
      if (!finished) throw upstreamError(thrown, signal);
    } finally {
      // An unread body would keep its socket.
      if (!response.readableEnded) response.destroy();
    }
    if (!finished) throw new ClusterError('bad_upstream', 'The backend ended its answer before it was complete.');
  };
}

/** Nothing to answer: Ollama only loads or unloads the model. */
function isLoad({ kind }: Call): boolean {
  if (kind.case === 'chat') return kind.value.messages.length === 0;
  return kind.case === 'completion' && kind.value.prompt === '';
}
