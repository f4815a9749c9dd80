import { z } from 'zod';
import { route } from '../../ollama/docs/shapes.ts';

const count = () => z.int().min(0);

const message = z.looseObject({
  role: z.enum(['system', 'developer', 'user', 'assistant', 'tool']),
  content: z.union([z.string(), z.array(z.looseObject({ type: z.string() })), z.null()]).optional(),
});

const usage = z.looseObject({ prompt_tokens: count(), completion_tokens: count(), total_tokens: count() });

const completion = {
  id: z.string(),
  created: count().describe('Seconds since 1970.'),
  model: z.string(),
  system_fingerprint: z.string(),
  tutti: route.optional(),
};

const finishReason = z.enum(['stop', 'length', 'tool_calls', 'function_call']);

const serviceTier = z.enum(['auto', 'default', 'flex', 'priority']);

const openaiModel = z.object({
  id: z.string(),
  object: z.literal('model'),
  created: count().describe('Seconds since 1970; 0: unknown.'),
  owned_by: z.string(),
  name: z.string(),
  type: z.literal('model'),
  display_name: z.string(),
  created_at: z.iso.datetime().optional(),
  context_length: count().optional(),
  max_model_len: count().optional(),
  pricing: z
    .object({ prompt: z.string(), completion: z.string() })
    .describe('Tutti asks nothing; what an account with a cloud costs is not known here.'),
  capabilities: z.array(z.string()).optional(),
  tutti: z.object({
    kind: z.enum(['model', 'pattern', 'alias']),
    nodes: z.array(z.string()),
    loaded: z.array(z.string()),
  }),
});

const page = { has_more: z.boolean(), first_id: z.string().nullable(), last_id: z.string().nullable() };

const openaiModels = z.object({ object: z.literal('list'), data: z.array(openaiModel), ...page });

/** What a client of Anthropic gets instead. */
const anthropicModel = z.object({
  type: z.literal('model'),
  id: z.string(),
  display_name: z.string(),
  created_at: z.iso.datetime(),
  capabilities: z.null(),
  max_input_tokens: count().nullable(),
  max_tokens: z.null(),
  lifecycle: z.literal('active'),
  deprecated_at: z.null(),
  retires_at: z.null(),
  line: z.null(),
});

const anthropicModels = z.object({ data: z.array(anthropicModel), ...page });

/** What OpenAI's routes take and give. Fields that are not named here go to the model server as they are. */
export const openaiShapes = {
  OpenaiError: z.object({
    error: z.object({
      message: z.string(),
      type: z.string(),
      param: z.string().nullable(),
      code: z.string().nullable(),
    }),
  }),
  OpenaiModel: openaiModel,
  OpenaiModels: openaiModels,
  EitherModel: z.union([openaiModel, anthropicModel]),
  EitherModels: z.union([openaiModels, anthropicModels]),
  ChatCompletionRequest: z.looseObject({
    model: z.string(),
    messages: z.array(message).min(1),
    stream: z.boolean().optional().describe('Whether the answer comes as events. Absent: false.'),
    stream_options: z.looseObject({ include_usage: z.boolean().optional() }).optional(),
    max_tokens: z.int().optional(),
    max_completion_tokens: z.int().optional(),
    temperature: z.number().optional(),
    top_p: z.number().optional(),
    seed: z.number().optional(),
    stop: z.union([z.string(), z.array(z.string())]).optional(),
    tools: z.array(z.looseObject({})).optional(),
    response_format: z.looseObject({ type: z.enum(['text', 'json_object', 'json_schema']) }).optional(),
    n: z.int().min(1).max(16).optional().describe('How many answers. Absent: 1.'),
    tool_choice: z
      .union([z.enum(['auto', 'none', 'required']), z.looseObject({ type: z.enum(['function', 'allowed_tools']) })])
      .optional(),
    parallel_tool_calls: z.boolean().optional(),
    service_tier: serviceTier
      .optional()
      .describe('flex: priority batch. priority: interactive. Others: what the key usually gets.'),
    num_ctx: z.int().optional().describe("Ollama's; so are keep_alive, think and options."),
  }),
  CompletionRequest: z.looseObject({
    model: z.string(),
    prompt: z.union([z.string(), z.array(z.string()).min(1)]),
    suffix: z.string().optional().describe('What must follow the answer.'),
    stream: z.boolean().optional().describe('Whether the answer comes as events. Absent: false.'),
    max_tokens: z.int().optional().describe('Absent: until the model stops.'),
    n: z.int().min(1).max(16).optional().describe('How many answers to each prompt. Absent: 1.'),
    echo: z.boolean().optional().describe('Whether the prompt stands before the answer.'),
    logprobs: z.int().min(0).max(5).optional(),
    stop: z.union([z.string(), z.array(z.string())]).optional(),
  }),
  Completion: z.looseObject({
    ...completion,
    object: z.literal('text_completion'),
    choices: z.array(z.looseObject({ index: count(), text: z.string(), finish_reason: finishReason })),
    usage,
  }),
  CompletionChunk: z.looseObject({
    ...completion,
    object: z.literal('text_completion'),
    choices: z.array(z.looseObject({ index: count(), text: z.string(), finish_reason: finishReason.nullable() })),
    usage: usage.nullable().optional(),
  }),
  EmbeddingsRequest: z.looseObject({
    model: z.string(),
    input: z.union([z.string(), z.array(z.string()).min(1)]),
    encoding_format: z.enum(['float', 'base64']).optional().describe('Absent: float.'),
    dimensions: z.int().min(1).optional(),
  }),
  Embeddings: z.looseObject({
    object: z.literal('list'),
    data: z.array(
      z.looseObject({
        object: z.literal('embedding'),
        index: count(),
        embedding: z
          .union([z.array(z.number()), z.string()])
          .describe('Numbers; or base64 of 32-bit floats, each with its lowest byte first.'),
      }),
    ),
    model: z.string(),
    usage: z.looseObject({ prompt_tokens: count(), total_tokens: count() }),
  }),
  SpeechRequest: z.looseObject({ model: z.string(), input: z.string(), voice: z.string() }),
  ImageRequest: z.looseObject({ prompt: z.string() }),
  ChatCompletion: z.looseObject({
    ...completion,
    object: z.literal('chat.completion'),
    choices: z.array(
      z.looseObject({
        index: count(),
        message: z.looseObject({ role: z.literal('assistant'), content: z.string().nullable() }),
        finish_reason: finishReason,
      }),
    ),
    usage,
  }),
  ChatCompletionChunk: z.looseObject({
    ...completion,
    object: z.literal('chat.completion.chunk'),
    choices: z.array(
      z.looseObject({ index: count(), delta: z.looseObject({}), finish_reason: finishReason.nullable() }),
    ),
    usage: usage.nullable().optional(),
  }),
};
