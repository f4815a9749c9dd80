import type { Parameter } from '@tutti/rpc/openapi';
import { Permission } from '@tutti/proto/tutti/v1/options';
import { callHeaders, modelErrors } from '../../docs/call-headers.ts';
import type { DescribedRoute } from '../../docs/described-route.ts';
import type { Facts } from '../../docs/facts.ts';

const { VIEW, WRITE_MODELS } = Permission;

const ollama = { tag: 'Ollama' } as const;

/** What is said of every route that streams unless it is told not to. */
export const streams = `> **Streams.** The answer comes line by line unless the body says \`"stream": false\`, as the examples do. "Execute"
> shows a stream only when it is over; to see the text as it is written, use \`curl -N\`.`;

/** A model that is hardly anywhere. */
const unknownModel = 'no-such-model';

const onNode = callHeaders.filter(({ name }) => name === 'x-tutti-node');

/** Where a model goes. */
const placement: readonly Parameter[] = [
  {
    name: 'x-tutti-placement',
    in: 'header',
    description:
      'The nodes that it goes to: how many, their names with commas between, or `all`. Absent: those that have the ' +
      'model, else the best one.',
    schema: { type: 'string' },
  },
  ...onNode,
];

const progress = {
  200: {
    description: 'How it went, or how it goes.',
    content: { 'application/json': 'PullProgress', 'application/x-ndjson': 'PullProgress' },
  },
} as const satisfies DescribedRoute['answers'];

/** The file "hello". */
const helloDigest = 'sha256:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824';

const noOllama = 'It needs a node with an Ollama; without one the example answers 503.';

/** Ollama's routes about models. */
export function ollamaModelRoutes({ model }: Pick<Facts, 'model'>): readonly DescribedRoute[] {
  return [
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
      description:
        'What a node of the cluster has of the model is copied from there; the rest comes from the registry. Several nodes ' +
        `show one progress: \`total\` and \`completed\` are their sums. ${noOllama}\n\n${streams}`,
      permission: WRITE_MODELS,
      parameters: placement,
      body: {
        shape: 'ModelRequest',
        examples: { small: { summary: 'A small model', value: { model: 'qwen3:0.6b', stream: false } } },
      },
      answers: progress,
      errors: modelErrors.filter((status) => status !== 404),
      status: 503,
    },
    {
      ...ollama,
      verb: 'post',
      path: '/api/push',
      operationId: 'pushModel',
      summary: 'Sends a model to its registry',
      description: `From a node that has it. The example names a model that is not there.\n\n${streams}`,
      permission: WRITE_MODELS,
      parameters: onNode,
      body: {
        shape: 'ModelRequest',
        examples: { none: { summary: 'A model that is not there', value: { model: unknownModel, stream: false } } },
      },
      answers: progress,
      errors: modelErrors,
      status: 404,
    },
    {
      ...ollama,
      verb: 'post',
      path: '/api/create',
      operationId: 'createModel',
      summary: 'Makes a model from files or from another one',
      description:
        'Files are uploaded first, with `POST /api/blobs/{digest}`; those that a chosen node has not are copied to it from ' +
        `one that has them. ${noOllama}\n\n${streams}`,
      permission: WRITE_MODELS,
      parameters: placement,
      body: {
        shape: 'CreateRequest',
        examples: {
          pirate: {
            summary: 'A model with a character',
            value: { model: 'pirate', from: 'qwen3:0.6b', system: 'You are a pirate.', stream: false },
          },
        },
      },
      answers: progress,
      errors: modelErrors.filter((status) => status !== 404),
      status: 503,
    },
    {
      ...ollama,
      verb: 'post',
      path: '/api/blobs/{digest}',
      operationId: 'uploadBlob',
      summary: 'Uploads a file that a model is made of',
      description:
        'To the node with the most memory, or as `x-tutti-placement` says. Of any size, and in any time. `HEAD` on the same ' +
        `path tells whether a node has it. ${noOllama}`,
      permission: WRITE_MODELS,
      parameters: [
        {
          name: 'digest',
          in: 'path',
          required: true,
          description: 'SHA-256 of the file: `sha256:` and 64 hex digits.',
          schema: { type: 'string' },
          example: helloDigest,
        },
        ...placement,
      ],
      body: { shape: 'file', examples: { hello: { summary: 'A small file', value: 'hello' } } },
      answers: { 200: { description: 'It was there.' }, 201: { description: 'It is there now.' } },
      errors: modelErrors.filter((status) => status !== 404),
      status: 503,
    },
    {
      ...ollama,
      verb: 'post',
      path: '/api/copy',
      operationId: 'copyModel',
      summary: 'Gives a model a second name, wherever it is',
      description:
        'On every node that has it, or on the one in `x-tutti-node`. The example names a model that is not there.',
      permission: WRITE_MODELS,
      parameters: onNode,
      body: {
        shape: 'CopyRequest',
        examples: {
          none: { summary: 'A model that is not there', value: { source: unknownModel, destination: 'mine' } },
        },
      },
      answers: { 200: { description: 'It has both names.' } },
      errors: modelErrors,
      status: 404,
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
      parameters: onNode,
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
