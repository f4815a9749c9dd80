import type { FastifyInstance, FastifyRequest } from 'fastify';
import { canonicalModel, ClusterError, mayUseModel, modelNotFound, type Clock, type Principal } from '@tutti/core';
import type { Cluster } from '@tutti/core/cluster';
import { renderModel as anthropicModel, renderModels as anthropicModels, type Page } from '@tutti/dialects/anthropic';
import { renderModel, renderModels, type ListedModel } from '@tutti/dialects/openai';
import { Permission } from '@tutti/proto/tutti/v1/options';
import { withAliases } from '../../models/alias-listing.ts';
import type { Aliases } from '../../models/aliases.ts';
import { listModels, listRunners } from '../../models/listing.ts';
import { listPatterns } from '../../models/pattern-listing.ts';
import { json } from '../http/content-types.ts';
import { isOfAnthropic } from '../http/dialects.ts';

interface Options {
  readonly cluster: Cluster;
  readonly clock: Clock;
  readonly aliases?: Aliases | undefined;
}

const view = { config: { permission: Permission.VIEW } };

/** OpenAI's list of models, and each one of it. */
export function openaiModels(app: FastifyInstance, { cluster, clock, aliases }: Options): void {
  /** What a key may use. */
  const seenBy = (principal: Principal): ListedModel[] => {
    const loaded = new Map(listRunners(cluster.nodes, clock).map(({ item, nodes }) => [item.name, nodes]));
    const models = listModels(cluster.nodes).map(({ item, nodes }) => ({
      ...item,
      nodes,
      loaded: loaded.get(item.name) ?? [],
    }));
    const ofPattern = { kind: 'pattern' as const, nodes: [], loaded: [] };
    const patterns = listPatterns(cluster.nodes).map((pattern) => ({ ...pattern, ...ofPattern }));
    const seen = [...models, ...patterns].filter(({ name }) => mayUseModel(principal, name));
    return withAliases(seen, aliases);
  };

  app.get('/v1/models', view, async (request, reply) => {
    const seen = seenBy(request.principal);
    return reply
      .type(json)
      .send(isOfAnthropic(request.headers) ? anthropicModels(seen, pageOf(request)) : renderModels(seen));
  });

  // Names have slashes, and not every client encodes them.
  app.get<{ Params: { '*': string } }>('/v1/models/*', view, async (request, reply) => {
    const name = request.params['*'];
    const model = seenBy(request.principal).find((seen) => canonicalModel(seen.name) === canonicalModel(name));
    if (!model) throw modelNotFound(name);
    return reply.type(json).send(isOfAnthropic(request.headers) ? anthropicModel(model) : renderModel(model));
  });
}

const mostModels = 1_000;

/** Which part of a list a client of Anthropic wants. */
function pageOf(request: FastifyRequest): Page {
  const query = request.query as Readonly<Record<string, string | undefined>>;
  const limit = query['limit'] === undefined ? undefined : Number(query['limit']);
  if (limit !== undefined && !(Number.isInteger(limit) && limit >= 1 && limit <= mostModels)) {
    throw new ClusterError('invalid_request', `limit must be a whole number from 1 to ${mostModels}.`, {
      param: 'limit',
    });
  }
  return { limit, afterId: query['after_id'], beforeId: query['before_id'] };
}
