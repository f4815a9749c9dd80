import { Ollama } from 'ollama';
import { citySchema, unknownModel, weatherTool, type Target } from '../client.ts';
import { errorOf, inProcess, joined } from '../in-process.ts';

const options = { temperature: 0, seed: 1, num_predict: 32 };
const connect = ({ url }: Target): Ollama => new Ollama({ host: url });
const asked = (content: string) => [{ role: 'user', content }];

export const ollama = inProcess(
  { name: 'ollama', from: 'npm', dialect: 'ollama' },
  {
    async list(target) {
      const answer = await connect(target).list();
      return { models: answer.models.map(({ model }) => model), answer };
    },
    async chat(target) {
      const { models, prompts } = target;
      const answer = await connect(target).chat({ model: models.chat, messages: asked(prompts.chat), options });
      return { text: answer.message.content, answer };
    },
    async stream(target) {
      const { models, prompts } = target;
      const call = { model: models.chat, messages: asked(prompts.chat), options, stream: true } as const;
      return joined(
        await connect(target).chat(call),
        (piece: { message: { content: string } }) => piece.message.content,
      );
    },
    async tool(target) {
      const { models, prompts } = target;
      const tools = [
        { type: 'function', function: { ...weatherTool, parameters: structuredClone(weatherTool.parameters) } },
      ];
      const answer = await connect(target).chat({
        model: models.tool!,
        messages: asked(prompts.tool),
        tools: tools as never,
        options,
      });
      const called = answer.message.tool_calls?.[0]?.function;
      return { ...(called && { tool: called }), answer };
    },
    async json(target) {
      const { models, prompts } = target;
      const call = { model: models.chat, messages: asked(prompts.json), format: citySchema, options };
      const answer = await connect(target).chat(call);
      return { value: JSON.parse(answer.message.content) as unknown, answer };
    },
    async embed(target) {
      const answer = await connect(target).embed({ model: target.models.embed, input: ['a cat', 'a dog'] });
      return { dimensions: answer.embeddings.map(({ length }) => length), answer };
    },
    error: (target) => errorOf(connect(target).chat({ model: unknownModel, messages: asked('hello') })),
    async cancel(target) {
      const { models, prompts } = target;
      const stream = await connect(target).chat({ model: models.chat, messages: asked(prompts.long), stream: true });
      for await (const _ of stream) {
        stream.abort();
        break;
      }
      return {};
    },
  },
);
