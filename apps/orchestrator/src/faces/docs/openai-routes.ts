import { Permission } from '@tutti/proto/tutti/v1/options';
import { callErrors, callHeaders, routeHeaders } from './call-headers.ts';
import type { DescribedRoute } from './described-route.ts';
import type { Facts } from './facts.ts';

const openai = { dialect: 'openai', tag: 'OpenAI' } as const;

/** OpenAI's routes. */
export function openaiRoutes({ model }: Facts): readonly DescribedRoute[] {
  return [
    {
      ...openai,
      verb: 'post',
      path: '/v1/chat/completions',
      operationId: 'createChatCompletion',
      summary: 'Continues a conversation',
      description:
        "With `stream: true` the answer comes as events, of which the last is `[DONE]`. Ollama's num_ctx, keep_alive, think and options are understood as well.",
      permission: Permission.INFER,
      parameters: callHeaders,
      body: {
        shape: 'ChatCompletionRequest',
        examples: {
          question: {
            summary: 'A question',
            value: { model, messages: [{ role: 'user', content: 'Say hello in three languages.' }], max_tokens: 32 },
          },
        },
      },
      answers: {
        200: {
          description: 'The whole answer, or its pieces.',
          headers: routeHeaders,
          content: { 'application/json': 'ChatCompletion', 'text/event-stream': 'ChatCompletionChunk' },
        },
      },
      errors: callErrors,
    },
    {
      ...openai,
      verb: 'get',
      path: '/v1/models',
      operationId: 'listOpenaiModels',
      summary: 'Models that can be used',
      description:
        'Each model once, with the nodes that have it; then the patterns that answer like a model: `tutti/ensemble` and others.',
      permission: Permission.VIEW,
      answers: { 200: { description: 'The models.', content: { 'application/json': 'OpenaiModels' } } },
    },
    {
      ...openai,
      verb: 'get',
      path: '/v1/models/{model}',
      operationId: 'getOpenaiModel',
      summary: 'One model',
      description: 'As the list has it. The slashes of its name may stay as they are.',
      permission: Permission.VIEW,
      parameters: [
        {
          ...{ name: 'model', in: 'path', required: true, schema: { type: 'string' }, example: model },
          description: 'Its name, with or without its tag.',
        },
      ],
      answers: { 200: { description: 'The model.', content: { 'application/json': 'OpenaiModel' } } },
      errors: [404],
    },
  ];
}
