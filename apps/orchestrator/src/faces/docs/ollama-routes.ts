import { Permission } from '@tutti/proto/tutti/v1/options';
import { callErrors, callHeaders, modelErrors, routeHeaders } from './call-headers.ts';
import type { DescribedRoute } from './described-route.ts';
import type { Facts } from './facts.ts';

const { PUBLIC, VIEW, INFER, WRITE_MODELS } = Permission;

const ollama = { dialect: 'ollama', tag: 'Ollama' } as const;

const streams = `> **Streams.** The answer comes line by line unless the body says \`"stream": false\`, as the examples do. "Execute"
> shows a stream only when it is over; to see the text as it is written, use \`curl -N\`.`;

const question = 'Why is the sky blue? Answer in one sentence.';

/** A model that is hardly anywhere. */
const unknownModel = 'no-such-model';

/** Ollama's routes. */
export function ollamaRoutes({ model }: Facts): readonly DescribedRoute[] {
  const short = { num_predict: 32 };
  return [
    {
      ...ollama,
      verb: 'post',
      path: '/api/chat',
      operationId: 'createChat',
      tag: 'Chat',
      summary: 'Continues a conversation',
      description: `Asks a model for the next message.\n\n${streams}`,
      permission: INFER,
      parameters: callHeaders,
      body: {
        shape: 'ChatRequest',
        examples: {
          question: {
            summary: 'A question',
            value: { model, messages: [{ role: 'user', content: question }], stream: false, options: short },
          },
        },
      },
      answers: {
        200: {
          description: 'The whole answer, or its pieces.',
          headers: routeHeaders,
          content: { 'application/json': 'ChatAnswer', 'application/x-ndjson': 'ChatAnswer' },
        },
      },
      errors: callErrors,
    },
    {
      ...ollama,
      verb: 'post',
      path: '/api/generate',
      operationId: 'generateText',
      tag: 'Chat',
      summary: 'Completes a text',
      description: `Asks a model to go on from a prompt.\n\n${streams}`,
      permission: INFER,
      parameters: callHeaders,
      body: {
        shape: 'GenerateRequest',
        examples: {
          prompt: { summary: 'A prompt', value: { model, prompt: question, stream: false, options: short } },
        },
      },
      answers: {
        200: {
          description: 'The whole answer, or its pieces.',
          headers: routeHeaders,
          content: { 'application/json': 'GenerateAnswer', 'application/x-ndjson': 'GenerateAnswer' },
        },
      },
      errors: callErrors,
    },
    {
      ...ollama,
      verb: 'get',
      path: '/',
      operationId: 'getRoot',
      summary: 'How clients find out that this is an Ollama',
      description: "Ollama's own words.",
      permission: PUBLIC,
      dialect: 'problem',
      answers: { 200: { description: 'It runs.', content: { 'text/plain': 'text' } } },
    },
    {
      ...ollama,
      verb: 'get',
      path: '/api/version',
      operationId: 'getVersion',
      summary: 'Version of the oldest Ollama in the cluster',
      description: 'Clients switch features on by it. Our own version stands beside it.',
      permission: PUBLIC,
      answers: { 200: { description: 'The versions.', content: { 'application/json': 'OllamaVersion' } } },
    },
    {
      ...ollama,
      verb: 'get',
      path: '/api/tags',
      operationId: 'listTags',
      summary: 'Models that can be used',
      description:
        'Each model once, wherever it is; then the patterns that answer like a model: `tutti/ensemble` and others.',
      permission: VIEW,
      answers: { 200: { description: 'The models.', content: { 'application/json': 'OllamaModels' } } },
    },
    {
      ...ollama,
      verb: 'get',
      path: '/api/ps',
      operationId: 'listRunners',
      summary: 'Models in memory',
      description: 'Each model once, wherever it is.',
      permission: VIEW,
      answers: { 200: { description: 'The models.', content: { 'application/json': 'OllamaRunners' } } },
    },
    {
      ...ollama,
      verb: 'post',
      path: '/api/embed',
      operationId: 'createEmbeddings',
      summary: 'Turns texts into vectors',
      description: 'One vector for each text.',
      permission: INFER,
      parameters: callHeaders,
      body: {
        shape: 'EmbedRequest',
        examples: { text: { summary: 'One text', value: { model, input: 'a blue sky' } } },
      },
      answers: {
        200: { description: 'The vectors.', headers: routeHeaders, content: { 'application/json': 'EmbedAnswer' } },
      },
      errors: callErrors,
    },
    {
      ...ollama,
      verb: 'post',
      path: '/api/show',
      operationId: 'showModel',
      summary: 'Everything about a model',
      description: 'As the first node that has it tells.',
      permission: VIEW,
      body: { shape: 'ModelRequest', examples: { model: { summary: 'A model', value: { model } } } },
      answers: { 200: { description: 'Details, template, parameters.', content: { 'application/json': 'object' } } },
      errors: modelErrors,
    },
    {
      ...ollama,
      verb: 'post',
      path: '/api/pull',
      operationId: 'pullModel',
      summary: 'Fetches a model',
      description: `To the node with the most memory, or the one in \`x-tutti-node\`. It needs a node with an Ollama; without one the example answers 503.\n\n${streams}`,
      permission: WRITE_MODELS,
      parameters: callHeaders.filter(({ name }) => name === 'x-tutti-node'),
      body: {
        shape: 'ModelRequest',
        examples: { small: { summary: 'A small model', value: { model: 'qwen3:0.6b', stream: false } } },
      },
      answers: {
        200: {
          description: 'How it went, or how it goes.',
          content: { 'application/json': 'PullProgress', 'application/x-ndjson': 'PullProgress' },
        },
      },
      errors: modelErrors.filter((status) => status !== 404),
      status: 503,
    },
    {
      ...ollama,
      verb: 'delete',
      path: '/api/delete',
      operationId: 'deleteModel',
      summary: 'Deletes a model from every node that has it',
      description:
        'Or from the one in `x-tutti-node`. The example names a model that is not there, and so deletes none.',
      permission: WRITE_MODELS,
      parameters: callHeaders.filter(({ name }) => name === 'x-tutti-node'),
      body: {
        shape: 'ModelRequest',
        examples: { none: { summary: 'A model that is not there', value: { model: unknownModel } } },
      },
      answers: { 200: { description: 'It is gone.' } },
      errors: modelErrors,
      status: 404,
    },
  ];
}
