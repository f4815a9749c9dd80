import { ClusterError } from '@tutti/core';
import { Verb, type VerbRequest } from '@tutti/proto/tutti/agent/v1/model';
import { upstreamError, type Http } from '../http.ts';
import { linesOf } from '../lines.ts';

/** Where Ollama does each verb. Loading and unloading are empty calls, so they come as calls. */
const routes: Partial<Record<number, readonly ['POST' | 'DELETE', string]>> = {
  [Verb.SHOW]: ['POST', '/api/show'],
  [Verb.PULL]: ['POST', '/api/pull'],
  [Verb.PUSH]: ['POST', '/api/push'],
  [Verb.CREATE]: ['POST', '/api/create'],
  [Verb.COPY]: ['POST', '/api/copy'],
  [Verb.DELETE]: ['DELETE', '/api/delete'],
};

/** Does one thing to one model and passes Ollama's own lines on. */
export async function* runVerb(
  http: Http,
  { verb, bodyJson }: Pick<VerbRequest, 'verb' | 'bodyJson'>,
  signal: AbortSignal,
): AsyncIterable<string> {
  const route = routes[verb];
  if (!route) throw new ClusterError('not_implemented', `Verb ${verb} is not implemented yet.`);
  const [method, path] = route;
  const response = await http.send(method, path, { body: bodyJson, signal });
  try {
    for await (const lines of linesOf(response)) yield* lines;
  } catch (thrown) {
    throw upstreamError(thrown, signal);
  } finally {
    response.destroy();
  }
}
