import { Permission } from '@tutti/proto/tutti/v1/options';
import type { Parameter } from '@tutti/rpc/openapi';
import { callErrors, callHeaders, routeHeaders } from '../../docs/call-headers.ts';
import type { DescribedRoute } from '../../docs/described-route.ts';
import type { Facts } from '../../docs/facts.ts';

const openai = { tag: 'OpenAI', permission: Permission.INFER } as const;

const id: Parameter = {
  ...{ name: 'id', in: 'path', required: true, schema: { type: 'string' }, example: `resp_${'0'.repeat(32)}` },
  description: 'Id of the response, as it was answered.',
};

/** Of a kept response. The example names none. */
const kept = { errors: [404, 500, 503], status: 404 };

/** The routes of OpenAI's Responses API. */
export function openaiResponsesRoutes({ model }: Facts): readonly DescribedRoute[] {
  return [
    {
      ...openai,
      verb: 'post',
      path: '/v1/responses',
      operationId: 'createResponse',
      summary: 'Goes on with a conversation that is kept here',
      description:
        'With `stream: true` the answer comes as events, each with its number. A response is kept for 30 days, for its ' +
        'key only, with the conversation before it, so that `previous_response_id` goes on from it; with `store: false` ' +
        'it is not. Without a store the answer says `store: false`; `store: true` is then refused. Tools are functions ' +
        'that the client runs.',
      parameters: callHeaders,
      body: {
        shape: 'ResponseRequest',
        examples: {
          question: {
            summary: 'A question',
            value: { model, input: 'Say hello in three languages.', max_output_tokens: 32 },
          },
        },
      },
      answers: {
        200: {
          description: 'The whole response, or its events.',
          headers: routeHeaders,
          content: { 'application/json': 'Response', 'text/event-stream': 'ResponseEvent' },
        },
      },
      errors: callErrors,
    },
    {
      ...openai,
      ...kept,
      verb: 'get',
      path: '/v1/responses/{id}',
      operationId: 'getResponse',
      summary: 'Shows a response that is kept',
      description: 'As it was answered. Another key does not see it. The example names none.',
      parameters: [id],
      answers: { 200: { description: 'The response.', content: { 'application/json': 'Response' } } },
    },
    {
      ...openai,
      ...kept,
      verb: 'delete',
      path: '/v1/responses/{id}',
      operationId: 'deleteResponse',
      summary: 'Forgets a response',
      description: 'Those that went on from it keep what was said before. The example names none.',
      parameters: [id],
      answers: { 200: { description: 'It is gone.', content: { 'application/json': 'DeletedResponse' } } },
    },
    {
      ...openai,
      ...kept,
      verb: 'get',
      path: '/v1/responses/{id}/input_items',
      operationId: 'listInputItems',
      summary: 'Lists what a response was made from',
      description: 'The items of its request, and of the conversation before it. The example names no response.',
      parameters: [id, ...page],
      answers: { 200: { description: 'A page of items.', content: { 'application/json': 'ResponseItems' } } },
    },
  ];
}

const page: readonly Parameter[] = [
  {
    ...{ name: 'order', in: 'query', schema: { type: 'string', enum: ['asc', 'desc'] } },
    description: 'Which end comes first. Absent: desc, the newest.',
  },
  {
    ...{ name: 'limit', in: 'query', schema: { type: 'integer', minimum: 1, maximum: 100 } },
    description: 'Most items of a page. Absent: 20.',
  },
  {
    ...{ name: 'after', in: 'query', schema: { type: 'string' } },
    description: 'Id of the last item of the page before.',
  },
];
