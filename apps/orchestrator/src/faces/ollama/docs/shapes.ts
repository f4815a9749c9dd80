import { z } from 'zod';

const count = () => z.int().min(0);
const nanoseconds = (what: string) => z.int().min(0).optional().describe(`${what}, in nanoseconds.`);
const details = z.looseObject({}).describe('Family, format, number of parameters, quantization.');

const places = z.object({ nodes: z.array(z.string()) }).describe('The nodes that have it.');

/** How the cluster ran a call. */
export const route = z.object({
  requestId: z.string(),
  node: z.string().optional(),
  route: z.string().describe('Why that node.'),
  queueMs: z.number(),
  attempts: count(),
  cache: z
    .enum(['hit', 'miss', 'bypass'])
    .describe('`hit`: given before; `miss`: may be given again; `bypass`: neither.'),
  parameters: z.string().optional().describe('Sampling that was chosen for it, if it was left to the cluster.'),
});

const message = z.looseObject({
  role: z.enum(['system', 'user', 'assistant', 'tool']),
  content: z.string().optional(),
  thinking: z.string().optional(),
  images: z.array(z.string()).optional().describe('In base64.'),
  tool_calls: z.array(z.looseObject({})).optional(),
  tool_name: z.string().optional(),
});

const runner = {
  model: z.string(),
  stream: z.boolean().optional().describe('Whether the answer comes line by line. Absent: true.'),
  think: z.union([z.boolean(), z.enum(['low', 'medium', 'high'])]).optional(),
  format: z
    .union([z.literal('json'), z.looseObject({})])
    .optional()
    .describe('"json", or a JSON schema.'),
  options: z
    .looseObject({ num_ctx: z.int().optional(), num_predict: z.int().optional(), temperature: z.number().optional() })
    .optional(),
  keep_alive: z
    .union([z.string(), z.number()])
    .optional()
    .describe(
      '"5m", or seconds; negative: for ever. 0 without a prompt unloads the model, on all nodes, unless others use it.',
    ),
};

const answer = {
  model: z.string(),
  created_at: z.iso.datetime(),
  done: z.boolean(),
  done_reason: z.string().optional(),
  kept: z.string().optional().describe('Why a model that was to be unloaded stays.'),
  total_duration: nanoseconds('All of it'),
  load_duration: nanoseconds('Loading the model'),
  prompt_eval_count: count().optional().describe('Tokens of the prompt.'),
  prompt_eval_duration: nanoseconds('Reading the prompt'),
  eval_count: count().optional().describe('Tokens of the answer.'),
  eval_duration: nanoseconds('Writing the answer'),
  tutti: route.optional(),
};

/** What Ollama's routes take and give. Fields that are not named here go to the model server as they are. */
export const ollamaShapes = {
  OllamaError: z.object({ error: z.string() }),
  OllamaVersion: z.object({ version: z.string(), tutti: z.object({ version: z.string() }) }),
  OllamaModels: z.object({
    models: z.array(
      z.object({
        name: z.string(),
        model: z.string(),
        modified_at: z.string().optional(),
        size: z.number().optional().describe('Bytes on disk.'),
        digest: z.string(),
        details,
        capabilities: z.array(z.string()).optional(),
        tutti: places.optional(),
      }),
    ),
  }),
  OllamaRunners: z.object({
    models: z.array(
      z.object({
        name: z.string(),
        model: z.string(),
        size: z.number().optional().describe('Bytes of memory.'),
        digest: z.string(),
        details,
        expires_at: z.string().optional(),
        size_vram: z.number().optional().describe('Bytes of that on a GPU.'),
        context_length: count().optional(),
        tutti: places.optional(),
      }),
    ),
  }),
  ChatRequest: z.looseObject({
    ...runner,
    messages: z.array(message).optional().describe('None: the model is only loaded.'),
    tools: z.array(z.looseObject({})).optional(),
  }),
  ChatAnswer: z.looseObject({ ...answer, message }),
  GenerateRequest: z.looseObject({
    ...runner,
    prompt: z.string().optional().describe('None: the model is only loaded.'),
    system: z.string().optional(),
    suffix: z.string().optional(),
    images: z.array(z.string()).optional().describe('In base64.'),
    raw: z.boolean().optional(),
  }),
  GenerateAnswer: z.looseObject({
    ...answer,
    response: z.string(),
    thinking: z.string().optional(),
    context: z.array(z.int()).optional(),
  }),
  EmbedRequest: z.looseObject({
    model: z.string(),
    input: z.union([z.string(), z.array(z.string())]),
    dimensions: count().optional(),
  }),
  EmbedAnswer: z.looseObject({
    model: z.string(),
    embeddings: z.array(z.array(z.number())),
    total_duration: nanoseconds('All of it'),
    load_duration: nanoseconds('Loading the model'),
    prompt_eval_count: count().optional(),
    tutti: route.optional(),
  }),
  OllamaEmbeddingsRequest: z.looseObject({ model: z.string(), prompt: z.string() }),
  EmbeddingsAnswer: z.looseObject({ embedding: z.array(z.number()), tutti: route.optional() }),
  CloudStatus: z.object({ cloud: z.object({ disabled: z.boolean(), source: z.string() }) }),
  CopyRequest: z.looseObject({ source: z.string(), destination: z.string() }),
  CreateRequest: z.looseObject({
    model: z.string(),
    from: z.string().optional().describe('A model to make it from.'),
    files: z.record(z.string(), z.string()).optional().describe('Digests of uploaded files, by name.'),
    adapters: z.record(z.string(), z.string()).optional().describe('The same for adapters.'),
    system: z.string().optional(),
    template: z.string().optional(),
    parameters: z.looseObject({}).optional(),
    stream: z.boolean().optional(),
  }),
  ModelRequest: z.looseObject({ model: z.string(), stream: z.boolean().optional() }),
  PullProgress: z.looseObject({
    status: z.string(),
    digest: z.string().optional(),
    total: z.number().optional().describe('Bytes.'),
    completed: z.number().optional().describe('Bytes.'),
    tutti: z
      .object({ nodes: z.record(z.string(), z.looseObject({ status: z.string(), error: z.string().optional() })) })
      .optional()
      .describe('If several nodes are at work: how far each of them is.'),
  }),
};
