import { Permission } from '@tutti/proto/tutti/v1/options';
import { callErrors, callHeaders, routeHeaders } from '../../docs/call-headers.ts';
import type { DescribedRoute } from '../../docs/described-route.ts';
import type { Facts } from '../../docs/facts.ts';
import { openaiUnbuiltRoutes } from './unbuilt-routes.ts';

const openai = { tag: 'OpenAI' } as const;

/** OpenAI's routes. */
export function openaiRoutes(facts: Facts): readonly DescribedRoute[] {
  return [...answerRoutes(facts), ...modelRoutes(facts), ...openaiUnbuiltRoutes];
}

function answerRoutes({ model }: Facts): readonly DescribedRoute[] {
  return [
    {
      ...openai,
      verb: 'post',
      path: '/v1/chat/completions',
      operationId: 'createChatCompletion',
      summary: 'Continues a conversation',
      description:
        "With `stream: true` the answer comes as events, of which the last is `[DONE]`. Ollama's num_ctx, keep_alive, think and options are understood as well, and so is a context length in the model's name: `llama3.2@ctx=32k`. What cannot be done is refused with its name.",
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
      verb: 'post',
      path: '/v1/completions',
      operationId: 'createCompletion',
      summary: 'Continues a text',
      description:
        "OpenAI's older way. As with Ollama's own /v1, the model's template is put around the prompt, and without `max_tokens` the model stops when it likes. Prompts are texts: tokens mean something else to each model.",
      permission: Permission.INFER,
      parameters: callHeaders,
      body: {
        shape: 'CompletionRequest',
        examples: {
          text: { summary: 'A text', value: { model, prompt: 'Once upon a time', max_tokens: 32 } },
        },
      },
      answers: {
        200: {
          description: 'The whole answer, or its pieces.',
          headers: routeHeaders,
          content: { 'application/json': 'Completion', 'text/event-stream': 'CompletionChunk' },
        },
      },
      errors: callErrors,
    },
    {
      ...openai,
      verb: 'post',
      path: '/v1/embeddings',
      operationId: 'createOpenaiEmbeddings',
      summary: 'Turns texts into vectors',
      description: 'One vector for each text. A text that is longer than the context is refused.',
      permission: Permission.INFER,
      parameters: callHeaders,
      body: {
        shape: 'EmbeddingsRequest',
        examples: { text: { summary: 'One text', value: { model, input: 'a blue sky' } } },
      },
      answers: {
        200: {
          description: 'The vectors, in the order of the texts.',
          headers: routeHeaders,
          content: { 'application/json': 'Embeddings' },
        },
      },
      errors: callErrors,
    },
  ];
}

function modelRoutes({ model }: Facts): readonly DescribedRoute[] {
  return [
    {
      ...openai,
      verb: 'get',
      path: '/v1/models',
      operationId: 'listOpenaiModels',
      summary: 'Models that can be used',
      description:
        'Each model once, with the nodes that have it; then the patterns that answer like a model: `tutti/ensemble` and others, and the aliases. ' +
        "With the header anthropic-version it is Anthropic's list, with limit, after_id and before_id.",
      permission: Permission.VIEW,
      answers: { 200: { description: 'The models.', content: { 'application/json': 'EitherModels' } } },
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
      answers: { 200: { description: 'The model.', content: { 'application/json': 'EitherModel' } } },
      errors: [404],
    },
  ];
}
