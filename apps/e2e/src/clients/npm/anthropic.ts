import Anthropic from '@anthropic-ai/sdk';
import { citySchema, unknownModel, weatherTool, type Target } from '../client.ts';
import { errorOf, inProcess, joined, left } from '../in-process.ts';

const limits = { max_tokens: 32 };
const connect = ({ url }: Target): Anthropic => new Anthropic({ baseURL: url, apiKey: 'any', maxRetries: 0 });
const asked = (content: string) => [{ role: 'user' as const, content }];

export const anthropic = inProcess(
  {
    name: '@anthropic-ai/sdk',
    from: 'npm',
    dialect: 'anthropic',
    lacks: { embed: 'Anthropic has no embeddings' },
  },
  {
    async list(target) {
      const answer = await connect(target).models.list();
      return { models: answer.data.map(({ id }) => id), answer: answer.data };
    },
    async chat(target) {
      const { models, prompts } = target;
      const answer = await connect(target).messages.create({
        model: models.chat,
        messages: asked(prompts.chat),
        ...limits,
      });
      const [block] = answer.content;
      return { text: block?.type === 'text' ? block.text : '', answer };
    },
    async stream(target) {
      const { models, prompts } = target;
      const call = { model: models.chat, messages: asked(prompts.chat), ...limits, stream: true } as const;
      return joined(await connect(target).messages.create(call), (event: Anthropic.RawMessageStreamEvent) =>
        event.type === 'content_block_delta' && event.delta.type === 'text_delta' ? event.delta.text : '',
      );
    },
    async tool(target) {
      const { models, prompts } = target;
      const { name, description, parameters } = weatherTool;
      const answer = await connect(target).messages.create({
        model: models.tool!,
        messages: asked(prompts.tool),
        tools: [{ name, description, input_schema: structuredClone(parameters) as never }],
        ...limits,
      });
      const block = answer.content.find(({ type }) => type === 'tool_use');
      return { ...(block?.type === 'tool_use' && { tool: { name: block.name, arguments: block.input } }), answer };
    },
    async json(target) {
      const { models, prompts } = target;
      const answer = await connect(target).messages.create({
        model: models.chat,
        messages: asked(prompts.json),
        output_config: { format: { type: 'json_schema', schema: structuredClone(citySchema) as object as never } },
        ...limits,
      });
      const [block] = answer.content;
      return { value: JSON.parse(block?.type === 'text' ? block.text : '') as unknown, answer };
    },
    error: (target) =>
      errorOf(connect(target).messages.create({ model: unknownModel, messages: asked('hello'), max_tokens: 8 })),
    async cancel(target) {
      const { models, prompts } = target;
      const call = { model: models.chat, messages: asked(prompts.long), max_tokens: 1_000, stream: true } as const;
      const stream = await connect(target).messages.create(call);
      return left(stream, () => stream.controller.abort());
    },
  },
);
