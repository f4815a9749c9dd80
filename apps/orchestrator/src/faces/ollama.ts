import type { FastifyInstance } from 'fastify';
import { mayUseModel, type Clock, type Cluster, type ClusterError, type NodeView } from '@tutti/core';
import {
  errorBody,
  parseChat,
  parseEmbed,
  parseGenerate,
  renderChat,
  renderChatDelta,
  renderChatDone,
  renderEmbed,
  renderGenerate,
  renderGenerateDelta,
  renderGenerateDone,
  renderPs,
  renderTags,
} from '@tutti/dialects/ollama';
import { Permission } from '@tutti/proto/tutti/v1/options';
import type { Answer } from './answer.ts';
import { bodyOf } from './http-server.ts';
import { listModels, listRunners } from './listing.ts';
import { listPatterns } from './pattern-listing.ts';
import type { Rendering } from './rendering.ts';

interface Options {
  readonly answer: Answer;
  readonly cluster: Cluster;
  readonly clock: Clock;
  readonly version: string;
}

/** The Ollama whose API this face speaks; shown where no node runs one. */
const spokenVersion = '0.17.4';

const json = 'application/json; charset=utf-8';

const open = { config: { permission: Permission.PUBLIC } };
const view = { config: { permission: Permission.VIEW } };
const infer = { config: { permission: Permission.INFER } };

/** Ollama's API: the cluster looks like one Ollama. */
export function ollamaFace(app: FastifyInstance, { answer, cluster, clock, version }: Options): void {
  app.get('/', open, async (_, reply) => reply.type('text/plain; charset=utf-8').send('Ollama is running'));

  app.get('/api/version', open, async () => ({
    version: lowestOllama(cluster.nodes) ?? spokenVersion,
    tutti: { version },
  }));

  app.get('/api/tags', view, async ({ principal }, reply) => {
    const models = [...listModels(cluster.nodes).map(({ item }) => item), ...listPatterns(cluster.nodes)];
    return reply.type(json).send(renderTags(models.filter(({ name }) => mayUseModel(principal, name))));
  });

  app.get('/api/ps', view, async ({ principal }, reply) => {
    const runners = listRunners(cluster.nodes, clock).map(({ item }) => item);
    return reply.type(json).send(renderPs(runners.filter(({ name }) => mayUseModel(principal, name))));
  });

  app.post('/api/chat', infer, async (request, reply) => {
    const { call, stream } = parseChat(bodyOf(request));
    await answer(request, reply, { call, stream, rendering: (model) => chatRendering(model, timestamps(clock)) });
  });

  app.post('/api/generate', infer, async (request, reply) => {
    const { call, stream } = parseGenerate(bodyOf(request));
    await answer(request, reply, { call, stream, rendering: (model) => generateRendering(model, timestamps(clock)) });
  });

  app.post('/api/embed', infer, async (request, reply) => {
    const { call, stream } = parseEmbed(bodyOf(request));
    await answer(request, reply, { call, stream, rendering: embedRendering });
  });
}

const ndjson = { contentType: 'application/x-ndjson', failed: (error: ClusterError) => `${errorBody(error).body}\n` };

function chatRendering(model: string, now: () => string): Rendering {
  return {
    ...ndjson,
    delta: (delta) => `${renderChatDelta(model, now(), delta)}\n`,
    done: (done, extra) => `${renderChatDone(model, now(), done, extra)}\n`,
    whole: (deltas, done, extra) => renderChat(model, now(), deltas, done, extra),
  };
}

function generateRendering(model: string, now: () => string): Rendering {
  return {
    ...ndjson,
    delta: (delta) => `${renderGenerateDelta(model, now(), delta)}\n`,
    done: (done, extra) => `${renderGenerateDone(model, now(), done, extra)}\n`,
    whole: (deltas, done, extra) => renderGenerate(model, now(), deltas, done, extra),
  };
}

/** The time as text, made once a millisecond: many lines may be written in one. */
function timestamps(clock: Clock): () => string {
  let lastMs = NaN;
  let text = '';
  return () => {
    const ms = clock.wallTime();
    if (ms !== lastMs) text = new Date(ms).toISOString();
    lastMs = ms;
    return text;
  };
}

/** Embeddings never stream. */
function embedRendering(model: string): Rendering {
  return {
    ...ndjson,
    delta: () => '',
    done: () => '',
    whole: (deltas, done, extra) => renderEmbed(model, deltas, done, extra),
  };
}

/** Clients switch features on by version, so the cluster is as old as its oldest Ollama. */
function lowestOllama(nodes: readonly NodeView[]): string | undefined {
  const versions = nodes
    .filter((node) => node.ready && node.state.backend?.kind === 'ollama')
    .map((node) => node.state.backend!.version);
  return versions.toSorted((a, b) => a.localeCompare(b, 'en', { numeric: true }))[0];
}
