import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { canonicalModel, ClusterError, requireModel, type Cluster, type NodeView } from '@tutti/core';
import { members, parseJson } from '@tutti/dialects/json';
import { errorBody } from '@tutti/dialects/ollama';
import { Verb } from '@tutti/proto/tutti/agent/v1/model';
import { Permission } from '@tutti/proto/tutti/v1/options';
import type { Membership } from '../membership.ts';
import { bodyOf } from './http-server.ts';
import { showPattern } from './pattern-listing.ts';

interface Options {
  readonly cluster: Cluster;
  readonly membership: Pick<Membership, 'models'>;
}

/** A model's download may take hours; it stops when the client leaves. */
const pullDeadlineMs = Infinity;
const verbDeadlineMs = 60_000;

const json = 'application/json; charset=utf-8';

/** Ollama's routes about one model: the body goes to the node as it is, and the node's own lines come back. */
export function ollamaModelsFace(app: FastifyInstance, { cluster, membership }: Options): void {
  /** The lines of a verb on a node, until the client leaves. */
  const linesOf = async function* (verb: Verb, node: string, bodyJson: string, signal: AbortSignal) {
    const client = membership.models(node);
    if (!client) {
      throw new ClusterError('no_healthy_node', `Node "${node}" has just gone.`, { retryAfterMs: 1_000 });
    }
    const deadlineMs = verb === Verb.PULL ? pullDeadlineMs : verbDeadlineMs;
    for await (const { lines } of client.verb({ verb, bodyJson }, { signal, deadlineMs })) yield* lines;
  };

  app.post('/api/show', { config: { permission: Permission.VIEW } }, async (request, reply) => {
    const { text, model } = readBody(request);
    const pattern = showPattern(cluster.nodes, model);
    if (pattern) return reply.send(pattern);
    const [node] = nodesWith(cluster.nodes, model);
    const lines = await Array.fromAsync(linesOf(Verb.SHOW, node!.name, text, whileConnected(reply)));
    return reply.type(json).send(lines.join('\n'));
  });

  app.post('/api/pull', { config: { permission: Permission.WRITE_MODELS } }, async (request, reply) => {
    const { text, stream } = readBody(request);
    const node = pullTarget(cluster.nodes, pinOf(request));
    const lines = linesOf(Verb.PULL, node.name, text, whileConnected(reply));
    reply.header('x-tutti-node', node.name);
    if (stream) await sendLines(reply, lines);
    else await reply.type(json).send((await Array.fromAsync(lines)).at(-1) ?? '{}');
  });

  app.delete('/api/delete', { config: { permission: Permission.WRITE_MODELS } }, async (request, reply) => {
    const { text, model } = readBody(request);
    const pin = pinOf(request);
    const holders = nodesWith(cluster.nodes, model).filter(({ name }) => pin === undefined || name === pin);
    if (holders.length === 0) throw notFound(model);
    const signal = whileConnected(reply);
    await Promise.all(holders.map(({ name }) => Array.fromAsync(linesOf(Verb.DELETE, name, text, signal))));
    return reply.header('x-tutti-node', holders.map(({ name }) => name).join(',')).send();
  });
}

/** Aborted when the client leaves before it has its answer. */
function whileConnected({ raw }: FastifyReply): AbortSignal {
  const gone = new AbortController();
  raw.once('close', () => {
    if (!raw.writableFinished) gone.abort();
  });
  return gone.signal;
}

/** What fails before the first line is an ordinary error; later it is a line, as Ollama does it. */
async function sendLines(reply: FastifyReply, lines: AsyncIterator<string>): Promise<void> {
  let next = await lines.next();
  reply.header('content-type', 'application/x-ndjson').hijack();
  const { raw } = reply;
  raw.writeHead(200, reply.getHeaders() as Record<string, string>);
  try {
    for (; !next.done; next = await lines.next()) raw.write(`${next.value}\n`);
  } catch (thrown) {
    raw.write(`${errorBody(ClusterError.from(thrown)).body}\n`);
  }
  raw.end();
}

interface Body {
  readonly text: string;
  readonly model: string;
  readonly stream: boolean;
}

/** Only what is acted on is read. `name` is what older clients call the model. `forbidden`: the key may not use it. */
function readBody(request: FastifyRequest): Body {
  const text = bodyOf(request);
  if (text === '') throw new ClusterError('invalid_request', 'missing request body');
  parseJson(text);
  const fields = new Map(text.trimStart().startsWith('{') ? members(text) : []);
  refuseOtherSpellings(fields.keys());
  const model: unknown = JSON.parse(fields.get('model') ?? fields.get('name') ?? '""');
  if (typeof model !== 'string' || model === '') {
    throw new ClusterError('invalid_request', 'model is required', { param: 'model' });
  }
  requireModel(request.principal, model);
  return { text, model, stream: fields.get('stream') !== 'false' };
}

/** The body goes on as it is, and Ollama takes a name in any case: what was checked must be what it reads. */
function refuseOtherSpellings(keys: Iterable<string>): void {
  for (const key of keys) {
    const folded = key.toUpperCase().toLowerCase();
    if ((folded !== 'model' && folded !== 'name') || key === folded) continue;
    throw new ClusterError('invalid_request', `"${folded}" must be written in lower case.`, { param: folded });
  }
}

function pinOf(request: FastifyRequest): string | undefined {
  if (request.headers['x-tutti-placement'] !== undefined) {
    throw new ClusterError(
      'not_implemented',
      'x-tutti-placement is not implemented yet; name one node in x-tutti-node.',
    );
  }
  const pin = request.headers['x-tutti-node'];
  return typeof pin === 'string' ? pin : undefined;
}

function nodesWith(nodes: readonly NodeView[], name: string): NodeView[] {
  const model = canonicalModel(name);
  const holders = nodes.filter(
    ({ ready, state }) => ready && state.models.some((other) => canonicalModel(other.name) === model),
  );
  if (holders.length > 0) return holders;
  throw notFound(name);
}

function notFound(name: string): ClusterError {
  return new ClusterError('model_not_found', `model '${name}' not found`, { param: 'model' });
}

/** The node that is asked for, else of those that can pull the one with the most memory to run what it gets. */
function pullTarget(nodes: readonly NodeView[], pin: string | undefined): NodeView {
  const able = nodes.filter(({ ready, state }) => ready && state.backend?.kind === 'ollama');
  const wanted = pin === undefined ? able : able.filter(({ name }) => name === pin);
  const best = wanted.toSorted((a, b) => memoryOf(b) - memoryOf(a) || (a.name < b.name ? -1 : 1))[0];
  if (best) return best;
  const names = able.map(({ name }) => name).join(', ') || 'none';
  const what = pin === undefined ? 'No node with an Ollama is ready to pull.' : `Node "${pin}" cannot pull.`;
  throw new ClusterError('no_healthy_node', `${what} Nodes that can: ${names}.`, { retryAfterMs: 5_000 });
}

/** GPU memory where there is any, since models run there. */
function memoryOf({ state: { hardware } }: NodeView): number {
  const vram = hardware?.gpus.reduce((sum, gpu) => sum + (gpu.memoryTotalBytes ?? 0), 0) ?? 0;
  return vram || (hardware?.memoryTotalBytes ?? 0);
}
