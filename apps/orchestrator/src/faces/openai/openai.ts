import { randomUUID } from 'node:crypto';
import type { FastifyInstance } from 'fastify';
import type { Clock, Principal } from '@tutti/core';
import type { Cluster } from '@tutti/core/cluster';
import {
  callOfChoice,
  chatCompletionStream,
  completionStream,
  errorEvent,
  parseChatCompletion,
  parseCompletion,
  parseEmbeddings,
  renderChatCompletion,
  renderCompletion,
  renderEmbeddings,
  type AnswerFacts,
  type ChatCompletionRequest,
  type CompletionRequest,
  type CompletionStream,
  type EmbeddingsRequest,
} from '@tutti/dialects/openai';
import { Permission } from '@tutti/proto/tutti/v1/options';
import type { Aliases } from '../../models/aliases.ts';
import type { Answer, Ask } from '../answer/answer.ts';
import { eventStream } from '../http/content-types.ts';
import { bodyOf } from '../http/body.ts';
import { newId } from '../answer/new-id.ts';
import { oneToolCall } from '../answer/one-tool-call.ts';
import { openaiModels } from './models.ts';
import { openaiUnbuilt } from './unbuilt.ts';
import { openedBy } from '../answer/opened-by.ts';
import { priorityOf } from '../answer/priority-of.ts';
import type { Rendering } from '../answer/rendering.ts';
import { leavesParameters } from '../answer/request-context.ts';
import { runField } from './run-field.ts';
import { severalCalls } from './several-calls.ts';
import { queueComment } from '../answer/queue-comment.ts';

interface Options {
  readonly answer: Answer;
  readonly cluster: Cluster;
  readonly clock: Clock;
  readonly aliases?: Aliases;
}

const infer = { config: { permission: Permission.INFER } };

/** OpenAI's API. */
export function openaiFace(app: FastifyInstance, { answer, cluster, clock, aliases }: Options): void {
  openaiModels(app, { cluster, clock, aliases });
  openaiUnbuilt(app);

  app.post('/v1/chat/completions', infer, async (request, reply) => {
    const parsed = parseChatCompletion(bodyOf(request), { withoutDefaults: leavesParameters(request) });
    await answer(request, reply, chatAsk(parsed, request.principal, clock));
  });

  app.post('/v1/completions', infer, async (request, reply) => {
    const parsed = parseCompletion(bodyOf(request), { withoutDefaults: leavesParameters(request) });
    await answer(request, reply, completionAsk(parsed, request.principal, clock));
  });

  app.post('/v1/embeddings', infer, async (request, reply) => {
    await answer(request, reply, embeddingsAsk(parseEmbeddings(bodyOf(request))));
  });
}

function chatAsk(parsed: ChatCompletionRequest, principal: Principal, clock: Clock): Ask {
  const { call, stream, includeUsage, count, serviceTier, legacyFunctions } = parsed;
  const several = count > 1 ? severalCalls(count, callOfChoice) : undefined;
  const rendering = (model: string): Rendering => {
    const facts = {
      ...{ id: `chatcmpl-${randomUUID()}`, ...answerFacts(model, clock) },
      ...{ choices: several?.choices, serviceTier: serviceTier?.name, legacyFunctions },
    };
    return {
      ...eventRendering(chatCompletionStream({ ...facts, includeUsage })),
      whole: (deltas, done, extra) => renderChatCompletion(facts, deltas, done, { ...extra, ...runField(done) }),
    };
  };
  // Clients that know only one function call have no place for a second.
  const one = parsed.oneToolCall || legacyFunctions;
  return {
    ...{ call, stream, rendering, priority: priorityOf(serviceTier, principal) },
    through: (generate) => {
      const single = one ? oneToolCall(generate) : generate;
      return several?.through(single) ?? single;
    },
  };
}

function completionAsk(parsed: CompletionRequest, principal: Principal, clock: Clock): Ask {
  const { call, stream, includeUsage, count, callOf, echoes, serviceTier } = parsed;
  const several = count > 1 ? severalCalls(count, callOf) : undefined;
  const rendering = (model: string): Rendering => {
    const facts = {
      ...{ id: `cmpl-${randomUUID()}`, ...answerFacts(model, clock) },
      ...{ choices: several?.choices, serviceTier: serviceTier?.name, echoes },
    };
    return {
      ...eventRendering(completionStream({ ...facts, includeUsage })),
      whole: (deltas, done, extra) => renderCompletion(facts, deltas, done, { ...extra, ...runField(done) }),
    };
  };
  const priority = priorityOf(serviceTier, principal);
  return { call, stream, rendering, promptField: 'prompt', priority, ...(several && { through: several.through }) };
}

/** Vectors never stream. */
function embeddingsAsk({ call, encoding }: EmbeddingsRequest): Ask {
  const rendering = (model: string): Rendering => ({
    contentType: eventStream,
    delta: () => '',
    done: () => '',
    whole: (deltas, done, extra) => renderEmbeddings(model, encoding, deltas, done, extra),
    failed: errorEvent,
  });
  return { call, stream: false, rendering, promptField: 'input' };
}

function answerFacts(model: string, clock: Clock): Omit<AnswerFacts, 'id'> {
  return {
    created: Math.floor(clock.wallTime() / 1_000),
    model,
    toolCallId: () => newId('call'),
  };
}

function eventRendering(events: CompletionStream): Omit<Rendering, 'whole'> {
  const opened = openedBy(events.start);
  return {
    contentType: eventStream,
    delta: (delta) => opened(events.delta(delta)),
    done: (done, extra) => opened(events.finish(done, { ...extra, ...runField(done) })),
    failed: errorEvent,
    waiting: queueComment,
  };
}
