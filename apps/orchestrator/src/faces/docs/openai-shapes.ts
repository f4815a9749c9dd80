import { z } from 'zod';
import { route } from './ollama-shapes.ts';

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

const finishReason = z.enum(['stop', 'length', 'tool_calls']);

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
  capabilities: z.array(z.string()).optional(),
  tutti: z.object({ kind: z.enum(['model', 'pattern']), nodes: z.array(z.string()), loaded: z.array(z.string()) }),
});

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
  OpenaiModels: z.object({
    object: z.literal('list'),
    data: z.array(openaiModel),
    has_more: z.boolean(),
    first_id: z.string().nullable(),
    last_id: z.string().nullable(),
  }),
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
    num_ctx: z.int().optional().describe("Ollama's; so are keep_alive, think and options."),
  }),
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
