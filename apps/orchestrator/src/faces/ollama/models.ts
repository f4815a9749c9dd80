import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { ClusterError, requireModel, type Clock } from '@tutti/core';
import type { Cluster } from '@tutti/core/cluster';
import { errorBody } from '@tutti/dialects/ollama';
import { Permission } from '@tutti/proto/tutti/v1/options';
import { showPattern } from '../../models/pattern-listing.ts';
import { readPlacement } from '../../models/placement.ts';
import type { Placed, VirtualOllama } from '../../models/virtual-ollama.ts';
import { ollamaBlobsFace } from './blobs.ts';
import { readModelBody, type ModelBody, type Naming } from './model-body.ts';
import { createStreamWriter } from '../answer/stream-writer.ts';
import { whileConnected } from '../http/while-connected.ts';

interface Options {
  readonly cluster: Pick<Cluster, 'nodes'>;
  readonly models: VirtualOllama;
  readonly clock: Clock;
  /** The model that a name stands for; left out: itself. */
  readonly modelOf?: (name: string) => string;
}

const itself = (name: string): string => name;

const json = 'application/json; charset=utf-8';

/** In Ollama's words, which differ. */
const named = { fields: ['model'], missing: 'model is required' };
const pulled = { fields: ['model'], missing: 'invalid model name' };
const made = { fields: ['model', 'from?'], missing: 'invalid model name' };
const deleted = { fields: ['model'], missing: 'name "" is invalid' };
const copied = { fields: ['source', 'destination'], missing: (field: string) => `${field} "" is invalid` };

const view = { config: { permission: Permission.VIEW } };
const write = { config: { permission: Permission.WRITE_MODELS } };

/** Ollama's routes about models: the cluster is one Ollama that has those of all nodes. */
export function ollamaModelsFace(app: FastifyInstance, { cluster, models, clock, modelOf = itself }: Options): void {
  /** What a request says, for the nodes. The key must be allowed each model that it names. */
  const read = (request: FastifyRequest, reply: FastifyReply, naming: Naming, meaning = itself) => {
    const body = readModelBody(request, naming);
    for (const name of body.names) requireModel(request.principal, meaning(name));
    const model = meaning(body.model);
    const bodyJson = model === body.model ? body.bodyJson : withModel(body.bodyJson, model);
    return { body, model, bodyJson, placement: readPlacement(request.headers), signal: whileConnected(reply), clock };
  };

  ollamaBlobsFace(app, models);

  app.post('/api/show', view, async (request, reply) => {
    const asked = read(request, reply, named, modelOf);
    const pattern = showPattern(cluster.nodes, asked.model);
    if (pattern) return reply.send(pattern);
    return reply.type(json).send(await models.show(asked));
  });

  app.post('/api/pull', write, async (request, reply) => {
    const asked = read(request, reply, pulled);
    await sendProgress(reply, asked, models.pull(asked));
  });

  app.post('/api/push', write, async (request, reply) => {
    const asked = read(request, reply, named);
    await sendProgress(reply, asked, models.push(asked));
  });

  app.post('/api/create', write, async (request, reply) => {
    const asked = read(request, reply, made);
    const { from, digests } = asked.body;
    await sendProgress(reply, asked, await models.create({ ...asked, from, digests }));
  });

  app.post('/api/copy', write, async (request, reply) => {
    const asked = read(request, reply, copied);
    const nodes = await models.copy({ ...asked, destination: asked.body.names[1]! });
    return reply.header('x-tutti-node', nodes.join(',')).send();
  });

  app.delete('/api/delete', write, async (request, reply) => {
    const nodes = await models.delete(read(request, reply, deleted));
    return reply.header('x-tutti-node', nodes.join(',')).send();
  });
}

function withModel(bodyJson: string, model: string): string {
  return JSON.stringify({ ...(JSON.parse(bodyJson) as object), model });
}

interface Reader {
  readonly body: ModelBody;
  readonly signal: AbortSignal;
  readonly clock: Clock;
}

/** The lines as they come, or only the last. What fails before the first is an ordinary error; later it is a line. */
async function sendProgress(reply: FastifyReply, reader: Reader, { nodes, lines }: Placed): Promise<void> {
  reply.header('x-tutti-node', nodes.join(','));
  if (reader.body.stream) return sendLines(reply, reader, lines[Symbol.asyncIterator]());
  let last = '{}';
  for await (const line of lines) last = line;
  await reply.type(json).send(last);
}

async function sendLines(reply: FastifyReply, reader: Reader, lines: AsyncIterator<string>): Promise<void> {
  let next = await lines.next();
  reply.header('content-type', 'application/x-ndjson').header('x-accel-buffering', 'no');
  reply.header('cache-control', 'no-cache').hijack();
  const { raw } = reply;
  raw.writeHead(200, reply.getHeaders() as Record<string, string>);
  const writer = createStreamWriter(raw, reader);
  try {
    for (; !next.done; next = await lines.next()) await writer.push(`${next.value}\n`);
    writer.flush();
  } catch (thrown) {
    const error = ClusterError.from(thrown);
    if (error.reason === 'client_closed') {
      raw.destroy();
      return;
    }
    writer.flush();
    raw.write(`${errorBody(error).body}\n`);
  } finally {
    await lines.return?.();
  }
  raw.end();
}
