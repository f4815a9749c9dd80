import { z } from 'zod';
import { route } from '../../ollama/docs/shapes.ts';

const count = () => z.int().min(0);

const item = z.looseObject({ type: z.string(), id: z.string() });

const usage = z.looseObject({
  input_tokens: count(),
  input_tokens_details: z.looseObject({ cached_tokens: count() }),
  output_tokens: count(),
  output_tokens_details: z.looseObject({ reasoning_tokens: count() }),
  total_tokens: count(),
});

const inputItem = z.looseObject({
  type: z
    .enum(['message', 'function_call', 'function_call_output', 'reasoning', 'item_reference'])
    .optional()
    .describe('Absent: message.'),
});

const tool = z.looseObject({ type: z.literal('function'), name: z.string() });

/** What the routes of OpenAI's Responses API take and give. */
export const openaiResponsesShapes = {
  ResponseRequest: z.looseObject({
    model: z.string(),
    input: z.union([z.string(), z.array(inputItem)]).optional(),
    instructions: z.string().nullable().optional(),
    previous_response_id: z.string().nullable().optional().describe('The response that this one goes on from.'),
    store: z.boolean().nullable().optional().describe('Whether it is kept, for 30 days. Absent: if it can be.'),
    stream: z.boolean().nullable().optional().describe('Whether the answer comes as events. Absent: false.'),
    tools: z.array(tool).nullable().optional(),
    tool_choice: z
      .union([z.string(), z.looseObject({ type: z.string() })])
      .nullable()
      .optional(),
    parallel_tool_calls: z.boolean().nullable().optional(),
    text: z
      .looseObject({ format: z.looseObject({ type: z.enum(['text', 'json_object', 'json_schema']) }).optional() })
      .nullable()
      .optional(),
    reasoning: z
      .looseObject({ effort: z.string().nullable().optional(), summary: z.string().nullable().optional() })
      .nullable()
      .optional(),
    include: z.array(z.string()).nullable().optional(),
    max_output_tokens: z.int().min(1).nullable().optional(),
    temperature: z.number().nullable().optional(),
    top_p: z.number().nullable().optional(),
    top_logprobs: z.int().min(0).max(20).nullable().optional(),
    truncation: z.enum(['auto', 'disabled']).nullable().optional(),
    metadata: z.record(z.string(), z.string()).nullable().optional(),
    service_tier: z.string().nullable().optional(),
    num_ctx: z.int().optional().describe("Ollama's; so are keep_alive, think and options."),
  }),
  Response: z.looseObject({
    id: z.string(),
    object: z.literal('response'),
    created_at: count().describe('Seconds since 1970.'),
    status: z.enum(['completed', 'failed', 'in_progress', 'incomplete']),
    model: z.string(),
    output: z.array(item),
    store: z.boolean().describe('Whether it is kept.'),
    usage: usage.nullable(),
    tutti: route.optional(),
  }),
  ResponseEvent: z.looseObject({ type: z.string(), sequence_number: count() }),
  DeletedResponse: z.object({ id: z.string(), object: z.literal('response'), deleted: z.literal(true) }),
  ResponseItems: z.object({
    object: z.literal('list'),
    data: z.array(item),
    first_id: z.string().nullable(),
    last_id: z.string().nullable(),
    has_more: z.boolean(),
  }),
};
