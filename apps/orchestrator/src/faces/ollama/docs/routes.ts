import { Permission } from '@tutti/proto/tutti/v1/options';
import { callErrors, callHeaders, routeHeaders } from '../../docs/call-headers.ts';
import type { DescribedRoute } from '../../docs/described-route.ts';
import type { Facts } from '../../docs/facts.ts';
import { ollamaModelRoutes, streams } from './model-routes.ts';

const { PUBLIC, VIEW, INFER } = Permission;

const ollama = { tag: 'Ollama' } as const;

const question = 'Why is the sky blue? Answer in one sentence.';

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
      path: '/api/chat/stream',
      operationId: 'streamChat',
      tag: 'Chat',
      summary: 'Continues a conversation, event by event',
      description:
        "Each `data:` of the stream is an object of Ollama's chat stream; the last has `done: true`. `event: progress` tells " +
        'what a call waits for, `event: error` ends it. To see the text as it is written, use `curl -N`.',
      permission: INFER,
      parameters: callHeaders,
      body: {
        shape: 'ChatRequest',
        examples: {
          question: {
            summary: 'A question',
            value: { model, messages: [{ role: 'user', content: question }], options: short },
          },
        },
      },
      answers: {
        200: { description: 'The events.', headers: routeHeaders, content: { 'text/event-stream': 'ChatAnswer' } },
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
        'Each model once, wherever it is, with its nodes in `tutti.nodes`; then the patterns that answer like a model: ' +
        '`tutti/ensemble` and others.',
      permission: VIEW,
      answers: { 200: { description: 'The models.', content: { 'application/json': 'OllamaModels' } } },
    },
    {
      ...ollama,
      verb: 'get',
      path: '/api/ps',
      operationId: 'listRunners',
      summary: 'Models in memory',
      description: 'Each model once, wherever it is, with its nodes in `tutti.nodes`.',
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
      path: '/api/embeddings',
      operationId: 'createEmbedding',
      summary: 'Turns one text into a vector',
      description:
        'The older form of `/api/embed`, for clients that know no other. The vector is as the model makes it, of any length, where its server tells that: an Ollama, llama-server and the embedded engine do.',
      permission: INFER,
      parameters: callHeaders,
      body: {
        shape: 'OllamaEmbeddingsRequest',
        examples: { text: { summary: 'A text', value: { model, prompt: 'a blue sky' } } },
      },
      answers: {
        200: { description: 'The vector.', headers: routeHeaders, content: { 'application/json': 'EmbeddingsAnswer' } },
      },
      errors: callErrors,
    },
    ...ollamaModelRoutes({ model }),
    ...accountRoutes,
  ];
}

const ofCloud = 'A cluster has no account at ollama.com.';

const accountRoutes: readonly DescribedRoute[] = [
  {
    ...ollama,
    verb: 'get',
    path: '/api/status',
    operationId: 'getCloudStatus',
    summary: "Whether Ollama's cloud can be used",
    description: `${ofCloud} Models of the cloud that a node's own Ollama has are listed with the others.`,
    permission: VIEW,
    answers: { 200: { description: 'That it is switched off.', content: { 'application/json': 'CloudStatus' } } },
  },
  {
    ...ollama,
    verb: 'post',
    path: '/api/me',
    operationId: 'getCloudAccount',
    summary: 'Nobody, since there is no account',
    description: ofCloud,
    permission: VIEW,
    answers: {},
    errors: [501],
    status: 501,
  },
  {
    ...ollama,
    verb: 'post',
    path: '/api/signout',
    operationId: 'signOutOfCloud',
    summary: 'Refused: there is no account',
    description: ofCloud,
    permission: VIEW,
    answers: {},
    errors: [501],
    status: 501,
  },
  {
    ...ollama,
    verb: 'delete',
    path: '/api/user/keys/{key}',
    operationId: 'deleteCloudKey',
    summary: 'Refused: there is no account',
    description: ofCloud,
    permission: VIEW,
    parameters: [
      {
        ...{ name: 'key', in: 'path', required: true, schema: { type: 'string' }, example: 'c3NoLWVkMjU1MTk' },
        description: "A machine's public key.",
      },
    ],
    answers: {},
    errors: [501],
    status: 501,
  },
];
