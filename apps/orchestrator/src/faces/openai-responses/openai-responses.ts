import { randomUUID } from 'node:crypto';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { ClusterError, type Clock, type DocumentRepository } from '@tutti/core';
import {
  inputItems,
  keptItem,
  parseResponseRequest,
  referencesIn,
  renderDeleted,
  renderInputItems,
  responseId,
  withConversation,
  type ResponseRequest,
} from '@tutti/dialects/openai-responses';
import { Permission } from '@tutti/proto/tutti/v1/options';
import { createStoredResponses } from '../../responses/stored-responses.ts';
import type { Answer } from '../answer/answer.ts';
import { json } from '../http/content-types.ts';
import { bodyOf } from '../http/body.ts';
import { oneToolCall } from '../answer/one-tool-call.ts';
import { priorityOf } from '../answer/priority-of.ts';
import { leavesParameters, staysHere } from '../answer/request-context.ts';
import { responseRendering } from './rendering.ts';

interface Options {
  readonly answer: Answer;
  readonly documents: DocumentRepository;
  readonly clock: Clock;
}

const infer = { config: { permission: Permission.INFER } };

/** OpenAI's Responses API. */
export function openaiResponsesFace(app: FastifyInstance, { answer, documents, clock }: Options): void {
  const stored = createStoredResponses({ documents, clock });

  /** The items of the responses before. */
  const before = async (id: string | undefined, key: string): Promise<readonly string[]> => {
    if (id === undefined) return [];
    const { input, output } = await stored.find(id, key).catch((error: unknown) => {
      throw ClusterError.from(error).reason === 'not_found' ? unknownPrevious(id) : error;
    });
    return [...input, ...output];
  };

  /** All that a request goes on from, with what it adds. */
  const conversation = async ({ previousResponseId, input }: ResponseRequest, id: string, key: string) => {
    const earlier = await before(previousResponseId, key);
    const named = await stored.items(referencesIn(input), key);
    return [...earlier.map(keptItem), ...inputItems(input, id, named)];
  };

  app.post('/v1/responses', infer, async (request, reply) => {
    const { principal } = request;
    const asked = parseResponseRequest(bodyOf(request), { withoutDefaults: leavesParameters(request) });
    const { stream, store, shape } = asked;
    const priority = priorityOf(asked.serviceTier, principal);
    const id = responseId(randomUUID().replaceAll('-', ''));
    const items = await conversation(asked, id, principal.id);
    const input = items.map(({ text }) => text);
    const isKept = store !== false && mayKeep(request, store) && fits(input, store);
    if (store) await stored.reach();
    const rendering = (model: string) =>
      responseRendering({
        ...{ id, model, shape, clock, mustKeep: store === true },
        ...(isKept && { keep: (response, output) => stored.save(id, principal.id, { response, input, output }) }),
      });
    const call = withConversation(
      asked,
      items.map(({ item }) => item),
    );
    const through = asked.oneToolCall ? { through: oneToolCall } : {};
    try {
      await answer(request, reply, { call, stream, rendering, priority, ...through });
    } catch (thrown) {
      throw aboutInput(ClusterError.from(thrown));
    }
  });

  type ById = { Params: { id: string } };

  app.get<ById>('/v1/responses/:id', infer, async (request, reply) => {
    const { stream } = request.query as Record<string, unknown>;
    if (stream === 'true') {
      throw invalid('stream', 'Answers are not made in the background: a stored one is told as a whole only.');
    }
    const { response } = await stored.find(request.params.id, request.principal.id);
    return reply.type(json).send(response);
  });

  app.delete<ById>('/v1/responses/:id', infer, async ({ params, principal }, reply) => {
    await stored.remove(params.id, principal.id);
    return reply.type(json).send(renderDeleted(params.id));
  });

  app.get<ById>('/v1/responses/:id/input_items', infer, async (request, reply) => {
    const page = pageOf(request);
    const { input } = await stored.find(request.params.id, request.principal.id);
    return reply.type(json).send(renderInputItems(input, page));
  });
}

/** Whether the store, which may be on another machine, may get a conversation; if it must be kept, a no is an error. */
function mayKeep(request: FastifyRequest, mustKeep = false): boolean {
  if (!staysHere(request)) return true;
  if (!mustKeep) return false;
  throw invalid('store', 'With x-tutti-privacy: local nothing is written to the store: send store: false, or nothing.');
}

/** More leaves no room in the store for the answer. */
const largestInputBytes = 6_000_000;

/** Whether there is room to keep a conversation; if it must be kept, anything else is refused. */
function fits(input: readonly string[], mustKeep = false): boolean {
  const characters = input.reduce((sum, text) => sum + text.length, 0);
  const isSmall = characters <= largestInputBytes && Buffer.byteLength(JSON.stringify(input)) <= largestInputBytes;
  if (isSmall || !mustKeep) return isSmall;
  const message = `No conversation of more than ${largestInputBytes} bytes is kept; this one is longer. Send store: false.`;
  throw new ClusterError('too_large', message, { param: 'store' });
}

/** An error about messages, as one about the field that they come from here. */
function aboutInput(error: ClusterError): ClusterError {
  const { reason, param = reason === 'context_length_exceeded' ? 'messages' : '', message, cause } = error;
  return param.startsWith('messages') ? new ClusterError(reason, message, { param: 'input', cause }) : error;
}

const mostItems = 100;
const usualItems = 20;

function pageOf({ query }: FastifyRequest) {
  const { order = 'desc', limit = String(usualItems), after } = query as Partial<Record<string, string>>;
  if (order !== 'asc' && order !== 'desc') throw invalid('order', `order must be "asc" or "desc".`);
  if (!/^\d{1,3}$/.test(limit) || Number(limit) < 1 || Number(limit) > mostItems) {
    throw invalid('limit', `limit must be from 1 to ${mostItems}.`);
  }
  return { order, limit: Number(limit), after } as const;
}

function unknownPrevious(id: string): ClusterError {
  return invalid('previous_response_id', `Previous response with id '${id.slice(0, 100)}' not found.`);
}

function invalid(param: string, message: string): ClusterError {
  return new ClusterError('invalid_request', message, { param });
}
