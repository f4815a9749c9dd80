import { z } from 'zod';
import { route } from '../../ollama/docs/shapes.ts';

const count = () => z.int().min(0);

const block = z.looseObject({ type: z.string() });

const content = z.union([z.string(), z.array(block)]);

const question = {
  model: z.string(),
  messages: z.array(z.looseObject({ role: z.enum(['user', 'assistant', 'system']), content })).min(1),
  system: content.optional(),
  tools: z.array(z.looseObject({ name: z.string(), input_schema: z.looseObject({}) })).optional(),
  tool_choice: z.looseObject({ type: z.enum(['auto', 'any', 'tool', 'none']) }).optional(),
  thinking: z.looseObject({ type: z.string() }).optional(),
};

/** What Anthropic's routes take and give. */
export const anthropicShapes = {
  AnthropicError: z.object({
    type: z.literal('error'),
    error: z.object({ type: z.string(), message: z.string() }),
    request_id: z.string(),
  }),
  MessagesRequest: z.looseObject({
    ...question,
    max_tokens: z.int().min(1),
    stream: z.boolean().optional().describe('Whether the answer comes as events. Absent: false.'),
    temperature: z.number().min(0).max(1).optional(),
    top_p: z.number().min(0).max(1).optional(),
    top_k: count().optional(),
    stop_sequences: z.array(z.string()).optional(),
    output_config: z.looseObject({}).optional(),
    num_ctx: z.int().optional().describe("Ollama's; so are keep_alive, think and options."),
  }),
  Message: z.looseObject({
    id: z.string(),
    type: z.literal('message'),
    role: z.literal('assistant'),
    model: z.string(),
    content: z.array(block),
    stop_reason: z.string(),
    stop_sequence: z.string().nullable(),
    usage: z.looseObject({ input_tokens: count(), output_tokens: count() }),
    tutti: route.optional(),
  }),
  MessageEvent: z.looseObject({ type: z.string() }),
  CountTokensRequest: z.looseObject(question),
  TokenCount: z.object({
    input_tokens: count(),
    estimated: z.literal(true).optional().describe("Whether it was not the model's own tokenizer that counted."),
  }),
};
