import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import {
  embedMany,
  generateText,
  jsonSchema,
  Output,
  streamText,
  tool,
  type EmbeddingModel,
  type LanguageModel,
} from 'ai';
import { createOllama } from 'ollama-ai-provider-v2';
import { citySchema, unknownModel, weatherTool, type Client, type Target } from '../client.ts';
import { errorOf, inProcess } from '../in-process.ts';

/** What a provider of the AI SDK makes for an address. */
interface Models {
  chat(model: string): LanguageModel;
  embed(model: string): EmbeddingModel;
}

const settings = { temperature: 0, seed: 1, maxOutputTokens: 32, maxRetries: 0 };

/** The AI SDK has no call that lists models. */
function aiSdk(facts: Pick<Client, 'name' | 'dialect'>, connect: (target: Target) => Models): Client {
  return inProcess(
    { ...facts, from: 'npm', lacks: { list: 'the AI SDK has no call for it' } },
    {
      async chat(target) {
        const model = connect(target).chat(target.models.chat);
        const { text, usage } = await generateText({ model, prompt: target.prompts.chat, ...settings });
        return { text, answer: { usage } };
      },
      async stream(target) {
        const model = connect(target).chat(target.models.chat);
        const { textStream } = streamText({ model, prompt: target.prompts.chat, ...settings });
        const pieces = await Array.fromAsync(textStream);
        return { text: pieces.join(''), pieces: pieces.length };
      },
      async tool(target) {
        const { name, description, parameters } = weatherTool;
        const { toolCalls } = await generateText({
          model: connect(target).chat(target.models.tool!),
          prompt: target.prompts.tool,
          tools: { [name]: tool({ description, inputSchema: jsonSchema(structuredClone(parameters) as object) }) },
          ...settings,
        });
        const [called] = toolCalls;
        return called ? { tool: { name: called.toolName, arguments: called.input as unknown } } : {};
      },
      async json(target) {
        const { output } = await generateText({
          model: connect(target).chat(target.models.chat),
          prompt: target.prompts.json,
          output: Output.object({ schema: jsonSchema(structuredClone(citySchema) as object) }),
          ...settings,
        });
        return { value: output };
      },
      async embed(target) {
        const model = connect(target).embed(target.models.embed);
        const { embeddings } = await embedMany({ model, values: ['a cat', 'a dog'], maxRetries: 0 });
        return { dimensions: embeddings.map(({ length }) => length) };
      },
      error: (target) =>
        errorOf(generateText({ model: connect(target).chat(unknownModel), prompt: 'hello', ...settings })),
      async cancel(target) {
        const leaving = new AbortController();
        const { fullStream } = streamText({
          model: connect(target).chat(target.models.chat),
          prompt: target.prompts.long,
          maxRetries: 0,
          abortSignal: leaving.signal,
        });
        for await (const { type } of fullStream) {
          if (type === 'text-delta') break;
        }
        leaving.abort();
        return {};
      },
    },
  );
}

export const aiSdkOpenai = aiSdk({ name: '@ai-sdk/openai-compatible', dialect: 'openai' }, ({ url }) => {
  const provider = createOpenAICompatible({
    name: 'tutti',
    baseURL: `${url}/v1`,
    includeUsage: true,
    supportsStructuredOutputs: true,
  });
  return { chat: (model) => provider.chatModel(model), embed: (model) => provider.embeddingModel(model) };
});

export const aiSdkOllama = aiSdk({ name: 'ollama-ai-provider-v2', dialect: 'ollama' }, ({ url }) => {
  const provider = createOllama({ baseURL: `${url}/api` });
  return { chat: (model) => provider.chat(model), embed: (model) => provider.embedding(model) };
});
