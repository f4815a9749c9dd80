import type { FastifyInstance, FastifyRequest } from 'fastify';
import { canonicalModel, modelNotFound, requireModel, withModelOptions, type Call } from '@tutti/core';
import { promptTokensOf, type Cluster, type LearntEstimates } from '@tutti/core/cluster';
import {
  errorEvent,
  messageStream,
  parseCountTokens,
  parseMessages,
  pingEvent,
  renderCount,
  renderMessage,
  type MessagesRequest,
  type StreamFacts,
} from '@tutti/dialects/anthropic';
import { Permission } from '@tutti/proto/tutti/v1/options';
import { listModels } from '../../models/listing.ts';
import { listPatterns } from '../../models/pattern-listing.ts';
import type { Answer } from '../answer/answer.ts';
import { eventStream, json } from '../http/content-types.ts';
import { bodyOf } from '../http/body.ts';
import { newId } from '../answer/new-id.ts';
import { oneToolCall } from '../answer/one-tool-call.ts';
import { openedBy } from '../answer/opened-by.ts';
import type { Rendering } from '../answer/rendering.ts';

interface Options {
  readonly answer: Answer;
  readonly cluster: Pick<Cluster, 'nodes'>;
  readonly estimates: Pick<LearntEstimates, 'tokensPerCharacter'>;
  /** The model that a name stands for. */
  readonly modelOf: (name: string) => string;
}

const path = '/v1/messages';

const infer = { config: { permission: Permission.INFER, dialect: 'anthropic' } } as const;

/** Anthropic's API. */
export function anthropicFace(app: FastifyInstance, { answer, cluster, estimates, modelOf }: Options): void {
  const expectedTokens = (call: Call): number => promptTokensOf({ ...call, model: modelOf(call.model) }, estimates);

  app.post(path, infer, async (request, reply) => {
    const parsed = parseMessages(bodyOf(request), betaOf(request));
    const { stream, oneToolCall: one, hidesThinking } = parsed;
    const call = withModelOptions(parsed.call);
    const facts = { hidesThinking, expectedTokens: expectedTokens(call), requestId: request.id };
    await answer(request, reply, {
      call: withThink(call, thinkFor(parsed, modelCalled(cluster, modelOf(call.model)))),
      stream,
      rendering: (model) => messageRendering({ ...facts, model }),
      ...(one && { through: oneToolCall }),
    });
  });

  // No backend is asked: it would have to load the model for that.
  app.post(`${path}/count_tokens`, infer, async (request, reply) => {
    const call = withModelOptions(parseCountTokens(bodyOf(request), betaOf(request)));
    const model = modelOf(call.model);
    requireModel(request.principal, model);
    if (!modelCalled(cluster, model)) throw modelNotFound(call.model);
    return reply.type(json).send(renderCount(expectedTokens(call), true));
  });
}

function betaOf({ headers }: FastifyRequest): { beta: string | undefined } {
  return { beta: headers['anthropic-beta']?.toString() };
}

/** What is known of a model, or of a pattern; undefined: there is none of that name. */
function modelCalled({ nodes }: Pick<Cluster, 'nodes'>, name: string) {
  const all = [...listModels(nodes).map(({ item }) => item), ...listPatterns(nodes)];
  return all.find((model) => canonicalModel(model.name) === canonicalModel(name));
}

/**
 * Whether the model is to think. Clients that do not speak of it expect an answer that begins with its text. Others allow
 * every model to think, and as hard as they like; servers refuse that of a model that cannot: such a one just answers,
 * or thinks as it does.
 */
function thinkFor(
  { call, permitsThinking }: MessagesRequest,
  model: ReturnType<typeof modelCalled>,
): string | undefined {
  const { capabilities = [], detailsJson = '' } = model ?? {};
  const canThink = capabilities.includes('thinking');
  if (!permitsThinking) return call.think ?? (canThink ? 'false' : undefined);
  if (call.think === undefined || call.think === 'false') return call.think;
  if (capabilities.length > 0 && !canThink) return undefined;
  const hasLevels = detailsJson === '' || /"gpt-?oss"/.test(detailsJson);
  return hasLevels ? call.think : 'true';
}

function withThink(call: Call, think: string | undefined): Call {
  const { think: asked, ...rest } = call;
  if (asked === think) return call;
  return think === undefined ? rest : { ...rest, think };
}

interface RenderingFacts extends Omit<StreamFacts, 'id' | 'toolUseId'> {
  readonly requestId: string;
}

function messageRendering({ requestId, ...known }: RenderingFacts): Rendering {
  const facts = { ...known, id: newId('msg'), toolUseId: () => newId('toolu') };
  const events = messageStream(facts);
  const opened = openedBy(events.start);
  return {
    contentType: eventStream,
    delta: (delta) => opened(events.delta(delta)),
    done: (done, extra) => opened(events.finish(done, extra)),
    whole: (deltas, done, extra) => renderMessage(facts, deltas, done, extra),
    failed: (error) => errorEvent(error, requestId),
    waiting: pingEvent,
  };
}
