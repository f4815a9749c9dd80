import { randomUUID } from 'node:crypto';
import type { FastifyInstance } from 'fastify';
import { mayUseModel, type Clock, type Cluster } from '@tutti/core';
import {
  chatCompletionStream,
  errorEvent,
  parseChatCompletion,
  renderChatCompletion,
  renderModels,
} from '@tutti/dialects/openai';
import { Permission } from '@tutti/proto/tutti/v1/options';
import type { Answer } from './answer.ts';
import { bodyOf } from './http-server.ts';
import { listModels, listRunners } from './listing.ts';
import type { Rendering } from './rendering.ts';

interface Options {
  readonly answer: Answer;
  readonly cluster: Cluster;
  readonly clock: Clock;
}

/** OpenAI's API. */
export function openaiFace(app: FastifyInstance, { answer, cluster, clock }: Options): void {
  app.get('/v1/models', { config: { permission: Permission.VIEW } }, async ({ principal }, reply) => {
    const loaded = new Map(listRunners(cluster.nodes, clock).map(({ item, nodes }) => [item.name, nodes]));
    const models = listModels(cluster.nodes).map(({ item, nodes }) => ({
      ...item,
      nodes,
      loaded: loaded.get(item.name) ?? [],
    }));
    const seen = models.filter(({ name }) => mayUseModel(principal, name));
    return reply.type('application/json; charset=utf-8').send(renderModels(seen));
  });

  app.post('/v1/chat/completions', { config: { permission: Permission.INFER } }, async (request, reply) => {
    const { call, stream, includeUsage } = parseChatCompletion(bodyOf(request));
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
