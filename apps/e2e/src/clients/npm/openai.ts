import OpenAI from 'openai';
import { citySchema, unknownModel, weatherTool, type Target } from '../client.ts';
import { errorOf, inProcess, joined, left } from '../in-process.ts';

const sampling = { temperature: 0, seed: 1, max_tokens: 32 };
const connect = ({ url }: Target): OpenAI => new OpenAI({ baseURL: `${url}/v1`, apiKey: 'any', maxRetries: 0 });
const asked = (content: string) => [{ role: 'user' as const, content }];

export const openai = inProcess(
  { name: 'openai', from: 'npm', dialect: 'openai' },
  {
    async list(target) {
      const answer = await connect(target).models.list();
      return { models: answer.data.map(({ id }) => id), answer: answer.data };
    },
    async chat(target) {
      const { models, prompts } = target;
      const call = { model: models.chat, messages: asked(prompts.chat), ...sampling };
      const answer = await connect(target).chat.completions.create(call);
      return { text: answer.choices[0]?.message.content ?? '', answer };
    },
    async stream(target) {
      const { models, prompts } = target;
      const stream = await connect(target).chat.completions.create({
        model: models.chat,
        messages: asked(prompts.chat),
        ...sampling,
        stream: true,
        stream_options: { include_usage: true },
      });
      return joined(stream, (piece: OpenAI.ChatCompletionChunk) => piece.choices[0]?.delta.content ?? '');
    },
    async tool(target) {
      const { models, prompts } = target;
      const answer = await connect(target).chat.completions.create({
        model: models.tool!,
        messages: asked(prompts.tool),
        tools: [{ type: 'function', function: structuredClone(weatherTool) }],
        ...sampling,
      });
      const called = answer.choices[0]?.message.tool_calls?.[0];
      if (called?.type !== 'function') return { answer };
      const { name, arguments: text } = called.function;
      return { tool: { name, arguments: JSON.parse(text) as unknown }, answer };
    },
    async json(target) {
      const { models, prompts } = target;
      const answer = await connect(target).chat.completions.create({
        model: models.chat,
        messages: asked(prompts.json),
        ...sampling,
        response_format: { type: 'json_schema', json_schema: { name: 'city', schema: citySchema, strict: true } },
      });
      return { value: JSON.parse(answer.choices[0]?.message.content ?? '') as unknown, answer };
    },
    async embed(target) {
      const answer = await connect(target).embeddings.create({ model: target.models.embed, input: ['a cat', 'a dog'] });
      return { dimensions: answer.data.map(({ embedding }) => embedding.length), answer };
    },
    error: (target) =>
      errorOf(connect(target).chat.completions.create({ model: unknownModel, messages: asked('hello') })),
    async cancel(target) {
      const { models, prompts } = target;
      const call = { model: models.chat, messages: asked(prompts.long), stream: true } as const;
      const stream = await connect(target).chat.completions.create(call);
      return left(stream, () => stream.controller.abort());
    },
  },
);
