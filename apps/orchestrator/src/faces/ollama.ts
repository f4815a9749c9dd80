import type { FastifyInstance } from 'fastify';
import { canonicalModel, ClusterError, type Clock, type Cluster, type NodeView } from '@tutti/core';
import { members, parseJson } from '@tutti/dialects/json';
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
import { Verb } from '@tutti/proto/tutti/agent/v1/model';
import type { Membership } from '../membership.ts';
import type { Answer } from './answer.ts';
import { bodyOf } from './http-server.ts';
import { listModels, listRunners } from './listing.ts';
import type { Rendering } from './rendering.ts';

interface Options {
  readonly answer: Answer;
  readonly cluster: Cluster;
  readonly membership: Pick<Membership, 'models'>;
  readonly clock: Clock;
  readonly version: string;
}

/** The Ollama whose API this face speaks; shown where no node runs one. */
const spokenVersion = '0.17.4';

const json = 'application/json; charset=utf-8';

/** Ollama's API: the cluster looks like one Ollama. */
export function ollamaFace(app: FastifyInstance, { answer, cluster, membership, clock, version }: Options): void {
  app.get('/', async (_, reply) => reply.type('text/plain; charset=utf-8').send('Ollama is running'));

  app.get('/api/version', async () => ({ version: lowestOllama(cluster.nodes) ?? spokenVersion, tutti: { version } }));

  app.get('/api/tags', async (_, reply) => {
    const models = listModels(cluster.nodes).map(({ item }) => item);
    return reply.type(json).send(renderTags(models));
  });

  app.get('/api/ps', async (_, reply) => {
    const runners = listRunners(cluster.nodes, clock).map(({ item }) => item);
    return reply.type(json).send(renderPs(runners));
  });

  app.post('/api/show', async (request, reply) => {
    const text = bodyOf(request);
    const client = membership.models(nodeWith(cluster.nodes, modelIn(text)).name);
    if (!client)
      throw new ClusterError('no_healthy_node', 'The node that has this model has just gone.', { retryAfterMs: 1_000 });
    const lines: string[] = [];
    for await (const response of client.verb({ verb: Verb.SHOW, bodyJson: text })) lines.push(...response.lines);
    return reply.type(json).send(lines.join('\n'));
  });

  app.post('/api/chat', async (request, reply) => {
    const { call, stream } = parseChat(bodyOf(request));
    await answer(request, reply, { call, stream, rendering: chatRendering(call.model, timestamps(clock)) });
  });

  app.post('/api/generate', async (request, reply) => {
    const { call, stream } = parseGenerate(bodyOf(request));
    await answer(request, reply, { call, stream, rendering: generateRendering(call.model, timestamps(clock)) });
  });

  app.post('/api/embed', async (request, reply) => {
    const { call, stream } = parseEmbed(bodyOf(request));
    await answer(request, reply, { call, stream, rendering: embedRendering(call.model) });
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

/** The body goes to the node as it is; only the model's name is read. `name` is what older clients call it. */
function modelIn(text: string): string {
  if (text === '') throw new ClusterError('invalid_request', 'missing request body');
  parseJson(text);
  const fields = new Map(text.trimStart().startsWith('{') ? members(text) : []);
  const name: unknown = JSON.parse(fields.get('model') ?? fields.get('name') ?? '""');
  if (typeof name === 'string' && name !== '') return name;
  throw new ClusterError('invalid_request', 'model is required', { param: 'model' });
}

function nodeWith(nodes: readonly NodeView[], name: string): NodeView {
  const model = canonicalModel(name);
  const node = nodes.find(
    ({ ready, state }) => ready && state.models.some((other) => canonicalModel(other.name) === model),
  );
  if (node) return node;
  throw new ClusterError('model_not_found', `model '${name}' not found`, { param: 'model' });
}
