import type { FastifyInstance } from 'fastify';
import { mayUseModel, type Clock, type ClusterError } from '@tutti/core';
import type { Cluster, NodeView } from '@tutti/core/cluster';
import {
  errorBody,
  parseChat,
  parseEmbed,
  parseEmbeddings,
  parseGenerate,
  renderChat,
  renderChatDelta,
  renderChatDone,
  renderEmbed,
  renderEmbeddings,
  renderGenerate,
  renderGenerateDelta,
  renderGenerateDone,
  renderPs,
  renderTags,
  type Extra,
} from '@tutti/dialects/ollama';
import { Permission } from '@tutti/proto/tutti/v1/options';
import { withAliases } from '../../models/alias-listing.ts';
import type { Aliases } from '../../models/aliases.ts';
import { listModels, listRunners, type Listed } from '../../models/listing.ts';
import { listPatterns } from '../../models/pattern-listing.ts';
import { shownDigest } from '../../models/shown-digest.ts';
import type { Answer } from '../answer/answer.ts';
import { ollamaAccount } from './account.ts';
import { chatEvents } from './chat-events.ts';
import { json } from '../http/content-types.ts';
import { bodyOf } from '../http/body.ts';
import type { Rendering } from '../answer/rendering.ts';

interface Options {
  readonly answer: Answer;
  readonly cluster: Cluster;
  readonly clock: Clock;
  readonly version: string;
  readonly aliases?: Aliases;
}

/** The Ollama whose API this face speaks; shown where no node runs one. */
const spokenVersion = '0.17.4';

const open = { config: { permission: Permission.PUBLIC } };
const view = { config: { permission: Permission.VIEW } };
const infer = { config: { permission: Permission.INFER } };

/** Ollama's API: the cluster looks like one Ollama. */
export function ollamaFace(app: FastifyInstance, { answer, cluster, clock, version, aliases }: Options): void {
  ollamaAccount(app);

  app.get('/', open, async (_, reply) => reply.type('text/plain; charset=utf-8').send('Ollama is running'));

  app.get('/api/version', open, async () => ({
    version: lowestOllama(cluster.nodes) ?? spokenVersion,
    tutti: { version },
  }));

  app.get('/api/tags', view, async ({ principal }, reply) => {
    const models = [
      ...listModels(cluster.nodes)
        .map(withPlaces)
        .toSorted(latest(({ modifiedAt }) => modifiedAt)),
      ...listPatterns(cluster.nodes),
    ];
    const seen = models.filter(({ name }) => mayUseModel(principal, name));
    return reply.type(json).send(renderTags(withAliases(seen, aliases)));
  });

  app.get('/api/ps', view, async ({ principal }, reply) => {
    const runners = listRunners(cluster.nodes, clock)
      .map(withPlaces)
      .toSorted(latest(({ expiresAt }) => expiresAt));
    return reply.type(json).send(renderPs(runners.filter(({ name }) => mayUseModel(principal, name))));
  });

  app.post('/api/chat', infer, async (request, reply) => {
    const { call, stream } = parseChat(bodyOf(request));
    await answer(request, reply, { call, stream, rendering: (model) => chatRendering(model, timestamps(clock)) });
  });

  app.post('/api/chat/stream', infer, async (request, reply) => {
    const { call } = parseChat(bodyOf(request));
    await answer(request, reply, {
      call,
      stream: true,
      rendering: (model) => chatEvents(chatRendering(model, timestamps(clock))),
    });
  });

  app.post('/api/generate', infer, async (request, reply) => {
    const { call, stream } = parseGenerate(bodyOf(request));
    await answer(request, reply, { call, stream, rendering: (model) => generateRendering(model, timestamps(clock)) });
  });

  app.post('/api/embed', infer, async (request, reply) => {
    const { call, stream } = parseEmbed(bodyOf(request));
    await answer(request, reply, { call, stream, rendering: embedRendering });
  });

  app.post('/api/embeddings', infer, async (request, reply) => {
    const { call, stream } = parseEmbeddings(bodyOf(request));
    await answer(request, reply, { call, stream, rendering: embeddingsRendering });
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

function embeddingsRendering(model: string): Rendering {
  return { ...embedRendering(model), whole: (deltas, _, extra) => renderEmbeddings(deltas, extra) };
}

/** Ollama's order: the latest time first; what has none is last. */
function latest<T>(timeOf: (item: T) => string): (a: T, b: T) => number {
  const ms = (item: T): number => Date.parse(timeOf(item)) || 0;
  return (a, b) => ms(b) - ms(a);
}

/** An item of a list, with the nodes that it is on. */
function withPlaces<T extends { name: string; digest: string }>({ item, nodes }: Listed<T>): T & { extra: Extra } {
  return { ...item, digest: shownDigest(item), extra: { tutti: { nodes } } };
}

/** Clients switch features on by version, so the cluster is as old as its oldest Ollama. */
function lowestOllama(nodes: readonly NodeView[]): string | undefined {
  const versions = nodes
    .filter((node) => node.ready && node.state.backend?.kind === 'ollama')
    .map((node) => node.state.backend!.version);
  return versions.toSorted((a, b) => a.localeCompare(b, 'en', { numeric: true }))[0];
}
