import type { IncomingMessage } from 'node:http';
import type { FastifyInstance } from 'fastify';
import { ClusterError } from '@tutti/core';
import { Permission } from '@tutti/proto/tutti/v1/options';
import { readPlacement } from '../../models/placement.ts';
import type { VirtualOllama } from '../../models/virtual-ollama.ts';
import { whileConnected } from '../http/while-connected.ts';

/** Files that models are made of: whole models, and more. */
const largestBlobBytes = 2 ** 43;

/** A body that does not go on for so long, for whatever reason, does not go on at all. */
const usualSilenceMs = 10 * 60_000;

const url = '/api/blobs/:digest';
const write = { config: { permission: Permission.WRITE_MODELS, upload: true }, bodyLimit: largestBlobBytes };

interface Route {
  Params: { digest: string };
}

/** Ollama's routes for the files of models. A body goes to the nodes as it comes, and is nowhere kept in between. */
export function ollamaBlobsFace(
  app: FastifyInstance,
  models: Pick<VirtualOllama, 'blobs' | 'blobTargets'>,
  longestSilenceMs = usualSilenceMs,
): void {
  void app.register(async (raw) => {
    raw.removeAllContentTypeParsers();
    raw.addContentTypeParser('*', (_, body, done) => done(null, body));

    raw.head<Route>(url, write, async ({ params }, reply) => {
      const digest = checked(params.digest);
      const nodes = await models.blobs.holders(digest, whileConnected(reply));
      if (nodes.length === 0) throw new ClusterError('not_found', `blob "${digest}" not found`);
      return reply.header('x-tutti-node', nodes.join(',')).send();
    });

    raw.post<Route>(url, write, async (request, reply) => {
      const digest = checked(request.params.digest);
      const nodes = models.blobTargets(readPlacement(request.headers));
      request.raw.setTimeout(longestSilenceMs, () => request.raw.destroy());
      const existed = await models.blobs.put(digest, piecesOf(request.raw), nodes, whileConnected(reply));
      return reply
        .code(existed ? 200 : 201)
        .header('x-tutti-node', nodes.join(','))
        .send();
    });
  });
}

/** Ollama takes a hyphen as well. */
function checked(text: string): string {
  const digest = text.replace('-', ':');
  if (/^sha256:[\da-f]{64}$/.test(digest)) return digest;
  throw new ClusterError('invalid_request', 'invalid digest format', { param: 'digest' });
}

/** Left early, it reads on and keeps nothing: the connection has an answer to carry, and other requests after it. */
async function* piecesOf(body: IncomingMessage): AsyncIterable<Uint8Array> {
  try {
    for await (const piece of body.iterator({ destroyOnReturn: false })) yield piece as Buffer;
  } catch (thrown) {
    throw new ClusterError('client_closed', 'request canceled', { cause: thrown });
  } finally {
    setImmediate(() => body.resume());
  }
}
