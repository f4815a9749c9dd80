import { Ollama } from 'ollama';
import OpenAI from 'openai';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { startOllama, type RealOllama } from '../../../tools/ollama/start-ollama.ts';
import { nodesReady, startAgent, startOrchestrator, stopAll, type Orchestrator } from './processes.ts';

const ollama = inject('ollama');
const model = 'smollm2:135m';
const messages = [{ role: 'user' as const, content: 'What is the capital of France?' }];
const options = { temperature: 0, num_predict: 16, seed: 1 };

describe.skipIf(!ollama.available)('a real Ollama behind Tutti', () => {
  let real: RealOllama;
  let orchestrator: Orchestrator;
  let through: Ollama;
  let direct: Ollama;

  beforeAll(async () => {
    if (!ollama.available) return;
    real = await startOllama(ollama);
    orchestrator = await startOrchestrator();
    await startAgent({ name: 'real', orchestrators: [orchestrator], ollamaUrl: real.url });
    await nodesReady(orchestrator, 1);
    through = new Ollama({ host: orchestrator.url });
    direct = new Ollama({ host: real.url });
  });

  afterAll(async () => {
    await stopAll();
    await real?.close();
  });

  it('lists and shows the same models', async () => {
    const names = ({ models }: Awaited<ReturnType<Ollama['list']>>) =>
      models
        .filter(({ name }) => !name.startsWith('tutti/'))
        .map(({ name, digest }) => `${name} ${digest}`)
        .toSorted();
    expect(names(await through.list())).toEqual(names(await direct.list()));
    // Ollama lists parameters in the order of a Go map: any.
    const shown = async (client: Ollama) => {
      const facts = await client.show({ model });
      const [parameters, modelfile] = [facts.parameters, facts.modelfile].map((text) => text.split('\n').toSorted());
      return { ...facts, parameters, modelfile };
    };
    expect(await shown(through)).toEqual(await shown(direct));
  });

  it('chats with the same words and counts, plain and as a stream', async () => {
    const expected = await direct.chat({ model, messages, options });
    const plain = await through.chat({ model, messages, options });
    let streamed = '';
    for await (const part of await through.chat({ model, messages, options, stream: true }))
      streamed += part.message.content;
    expect(plain.message.content).toBe(expected.message.content);
    expect(streamed).toBe(expected.message.content);
    expect([plain.eval_count, plain.prompt_eval_count]).toEqual([expected.eval_count, expected.prompt_eval_count]);
  });

  it('generates the same text', async () => {
    const request = { model, prompt: 'One, two, three,', options };
    expect((await through.generate(request)).response).toBe((await direct.generate(request)).response);
  });

  it('embeds to the same vectors', async () => {
    const request = { model: 'all-minilm', input: ['a cat', 'a dog'] };
    const [one, other] = [await through.embed(request), await direct.embed(request)];
    expect(one.embeddings).toEqual(other.embeddings);
    expect(one.prompt_eval_count).toBe(other.prompt_eval_count);
  });

  it('keeps to a JSON schema', async () => {
    const format = {
      type: 'object',
      properties: { city: { type: 'string', enum: ['Paris', 'Rome'] } },
      required: ['city'],
    };
    const answer = await through.chat({ model, messages, options: { ...options, num_predict: 64 }, format });
    expect(JSON.parse(answer.message.content)).toEqual({ city: expect.stringMatching(/^(Paris|Rome)$/) as string });
  });

  it('loads and unloads', async () => {
    expect((await through.generate({ model, prompt: '' })).done_reason).toBe('load');
    expect((await through.generate({ model, prompt: '', keep_alive: 0 })).done_reason).toBe('unload');
  });

  it('refuses a prompt that fits no context instead of cutting it', async () => {
    const long = [{ role: 'user', content: 'word '.repeat(40_000) }];
    await expect(through.chat({ model, messages: long, options })).rejects.toMatchObject({ status_code: 400 });
  });

  it('answers the official openai client', async () => {
    const client = new OpenAI({ baseURL: `${orchestrator.url}/v1`, apiKey: 'any', maxRetries: 0 });
    const answer = await client.chat.completions.create({ model, messages, temperature: 0, max_tokens: 16 });
    expect(answer.choices[0]?.message.content).not.toBe('');
    expect(answer.usage?.completion_tokens).toBeGreaterThan(0);
  });
});
