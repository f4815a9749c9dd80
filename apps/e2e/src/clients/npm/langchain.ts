import type { Embeddings } from '@langchain/core/embeddings';
import type { BaseChatModel } from '@langchain/core/language_models/chat_models';
import { ChatOllama, OllamaEmbeddings } from '@langchain/ollama';
import { ChatOpenAI, OpenAIEmbeddings } from '@langchain/openai';
import { citySchema, unknownModel, weatherTool, type Client, type Target } from '../client.ts';
import { errorOf, inProcess, joined } from '../in-process.ts';

/** What LangChain makes for an address. */
interface Models {
  chat(model: string): BaseChatModel;
  embed(model: string): Embeddings;
}

function langchain(facts: Pick<Client, 'name' | 'dialect'>, connect: (target: Target) => Models): Client {
  return inProcess(
    { ...facts, from: 'npm', lacks: { list: 'LangChain has no call for it' } },
    {
      async chat(target) {
        const answer = await connect(target).chat(target.models.chat).invoke(target.prompts.chat);
        return { text: answer.text, answer: { usage: answer.usage_metadata } };
      },
      async stream(target) {
        const stream = await connect(target).chat(target.models.chat).stream(target.prompts.chat);
        const { text = '', pieces = 0 } = await joined(stream, (piece: { text: string }) => piece.text);
        return { text, pieces };
      },
      async tool(target) {
        const model = connect(target).chat(target.models.tool!);
        const tools = [{ type: 'function', function: structuredClone(weatherTool) }];
        const { tool_calls: calls } = await model.bindTools!(tools).invoke(target.prompts.tool);
        const [called] = calls ?? [];
        return called ? { tool: { name: called.name, arguments: called.args } } : {};
      },
      async json(target) {
        const model = connect(target).chat(target.models.chat);
        const schema = { title: 'city', ...structuredClone(citySchema) };
        const structured = model.withStructuredOutput(schema as object, { method: 'jsonSchema' });
        return { value: await structured.invoke(target.prompts.json) };
      },
      async embed(target) {
        const vectors = await connect(target).embed(target.models.embed).embedDocuments(['a cat', 'a dog']);
        return { dimensions: vectors.map(({ length }) => length) };
      },
      error: (target) => errorOf(connect(target).chat(unknownModel).invoke('hello')),
      async cancel(target) {
        const leaving = new AbortController();
        const model = connect(target).chat(target.models.chat);
        const stream = await model.stream(target.prompts.long, { signal: leaving.signal });
        // It looks at the signal when the next piece comes: whoever leaves the loop before has cancelled nothing.
        const heard = (async () => {
          for await (const _ of stream) leaving.abort();
        })();
        await heard.catch((thrown: unknown) => {
          if (!leaving.signal.aborted) throw thrown;
        });
        return {};
      },
    },
  );
}

const sampling = { temperature: 0, maxRetries: 0 };

export const langchainOllama = langchain({ name: '@langchain/ollama', dialect: 'ollama' }, ({ url }) => ({
  chat: (model) => new ChatOllama({ baseUrl: url, model, seed: 1, ...sampling }),
  embed: (model) => new OllamaEmbeddings({ baseUrl: url, model, maxRetries: 0 }),
}));

export const langchainOpenai = langchain({ name: '@langchain/openai', dialect: 'openai' }, ({ url }) => {
  const facts = { apiKey: 'any', configuration: { baseURL: `${url}/v1` } };
  return {
    chat: (model) => new ChatOpenAI({ model, ...facts, ...sampling }),
    embed: (model) => new OpenAIEmbeddings({ model, ...facts, maxRetries: 0 }),
  };
});
