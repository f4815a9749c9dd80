import { randomUUID } from 'node:crypto';
import type { FastifyInstance } from 'fastify';
import { canonicalModel, mayUseModel, modelNotFound, type Clock, type Cluster, type Principal } from '@tutti/core';
import {
  chatCompletionStream,
  errorEvent,
  parseChatCompletion,
  renderChatCompletion,
  renderModel,
  renderModels,
  type ListedModel,
} from '@tutti/dialects/openai';
import { Permission } from '@tutti/proto/tutti/v1/options';
import type { Answer } from './answer.ts';
import { bodyOf } from './http-server.ts';
import { listModels, listRunners } from './listing.ts';
import { listPatterns } from './pattern-listing.ts';
import type { Rendering } from './rendering.ts';
import { leavesParameters } from './request-context.ts';

interface Options {
  readonly answer: Answer;
  readonly cluster: Cluster;
  readonly clock: Clock;
}

const json = 'application/json; charset=utf-8';

const view = { config: { permission: Permission.VIEW } };

/** OpenAI's API. */
export function openaiFace(app: FastifyInstance, { answer, cluster, clock }: Options): void {
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
    return [...models, ...patterns].filter(({ name }) => mayUseModel(principal, name));
  };

  app.get('/v1/models', view, async ({ principal }, reply) => reply.type(json).send(renderModels(seenBy(principal))));

  // Names have slashes, and not every client encodes them.
  app.get<{ Params: { '*': string } }>('/v1/models/*', view, async ({ principal, params }, reply) => {
    const name = params['*'];
    const model = seenBy(principal).find((seen) => canonicalModel(seen.name) === canonicalModel(name));
    if (!model) throw modelNotFound(name);
    return reply.type(json).send(renderModel(model));
  });

  app.post('/v1/chat/completions', { config: { permission: Permission.INFER } }, async (request, reply) => {
    const { call, stream, includeUsage } = parseChatCompletion(bodyOf(request), {
      withoutDefaults: leavesParameters(request),
    });
    await answer(request, reply, { call, stream, rendering: (model) => chatRendering(model, includeUsage, clock) });
  });
}

function chatRendering(model: string, includeUsage: boolean, clock: Clock): Rendering {
  const facts = {
    id: `chatcmpl-${randomUUID()}`,
    created: Math.floor(clock.wallTime() / 1_000),
    model,
    toolCallId: () => `call_${randomUUID().replaceAll('-', '').slice(0, 24)}`,
  };
  const events = chatCompletionStream({ ...facts, includeUsage });
  let started = false;
  const opened = (text: string): string => {
    if (started) return text;
    started = true;
    return events.start() + text;
  };
  return {
    contentType: 'text/event-stream; charset=utf-8',
    delta: (delta) => opened(events.delta(delta)),
    done: (done, extra) => opened(events.finish(done, extra)),
    whole: (deltas, done, extra) => renderChatCompletion(facts, deltas, done, extra),
    failed: errorEvent,
  };
}
