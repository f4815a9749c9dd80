import { startFakeOllama, type FakeOllama } from '@tutti/testing';
import { Ollama } from 'ollama';
import OpenAI from 'openai';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually, nodesReady, startAgent, startOrchestrator, stopAll, type Orchestrator } from './processes.ts';

let orchestrator: Orchestrator;
let fake: FakeOllama;

beforeAll(async () => {
  fake = await startFakeOllama({
    models: [
      'llama:1b',
      { name: 'embedder:latest', capabilities: ['embedding'] },
      { name: 'tooled:latest', capabilities: ['completion', 'tools'] },
    ],
    answer: (prompt) => `You said ${prompt}`,
  });
  orchestrator = await startOrchestrator();
  await startAgent({ name: 'one', orchestrators: [orchestrator], ollamaUrl: fake.url });
  await nodesReady(orchestrator, 1);
});

afterAll(async () => {
  await stopAll();
  await fake.close();
});

describe('the official ollama client, with only the host changed', () => {
  const client = (): Ollama => new Ollama({ host: orchestrator.url });
  const messages = [{ role: 'user', content: 'hello there' }];

  it('lists the models', async () => {
    const { models } = await client().list();
    const names = models.map((model) => model.name);
    expect(names.slice(0, 3)).toEqual(['llama:1b', 'embedder:latest', 'tooled:latest']);
    expect(names.slice(3).every((name) => name.startsWith('tutti/'))).toBe(true);
    expect(models[0]?.digest).toMatch(/^[0-9a-f]{64}$/);
  });

  it('shows a model as its own Ollama does', async () => {
    const through = await client().show({ model: 'llama:1b' });
    const direct = await new Ollama({ host: fake.url }).show({ model: 'llama:1b' });
    expect(through).toEqual(direct);
    expect(through.capabilities).toEqual(['completion']);
  });

  it('chats', async () => {
    const answer = await client().chat({ model: 'llama:1b', messages });
    expect(answer.message.content).toBe('You said hello there');
    expect(answer).toMatchObject({ model: 'llama:1b', done: true, done_reason: 'stop' });
    expect(answer.eval_count).toBeGreaterThan(0);
  });

  it('streams a chat', async () => {
    const pieces = [];
    for await (const part of await client().chat({ model: 'llama:1b', messages, stream: true })) pieces.push(part);
    expect(pieces.length).toBeGreaterThan(2);
    expect(pieces.map((part) => part.message.content).join('')).toBe('You said hello there');
    expect(pieces.map((part) => part.done)).toEqual([...pieces.slice(1).map(() => false), true]);
  });

  it('generates, plain and as a stream', async () => {
    const { response } = await client().generate({ model: 'llama:1b', prompt: 'hi' });
    let streamed = '';
    for await (const part of await client().generate({ model: 'llama:1b', prompt: 'hi', stream: true }))
      streamed += part.response;
    expect([response, streamed]).toEqual(['You said hi', 'You said hi']);
  });

  it('embeds', async () => {
    const { embeddings, prompt_eval_count: tokens } = await client().embed({ model: 'embedder', input: ['a', 'b'] });
    expect(embeddings).toHaveLength(2);
    const length = Math.hypot(...embeddings[0]!);
    expect(length).toBeCloseTo(1, 4);
    expect(tokens).toBeGreaterThan(0);
  });

  it('sees which models are in memory', async () => {
    await client().chat({ model: 'llama:1b', messages });
    const loaded = () =>
      client()
        .ps()
        .then(({ models }) => models.find((model) => model.name === 'llama:1b'));
    expect(await eventually(loaded, 'llama:1b in /api/ps')).toMatchObject({ context_length: 4096 });
  });

  it('gets a tool call', async () => {
    const tools = [
      {
        type: 'function',
        function: { name: 'get_weather', description: 'weather', parameters: { type: 'object', properties: {} } },
      },
    ];
    const answer = await client().chat({
      model: 'tooled',
      messages: [{ role: 'user', content: 'call:get_weather' }],
      tools,
    });
    expect(answer.message.tool_calls?.[0]?.function.name).toBe('get_weather');
  });

  it('hears of an unknown model', async () => {
    await expect(client().chat({ model: 'nope', messages })).rejects.toMatchObject({ status_code: 404 });
  });
});

describe('the official openai client, with only the base URL changed', () => {
  const client = (): OpenAI => new OpenAI({ baseURL: `${orchestrator.url}/v1`, apiKey: 'any', maxRetries: 0 });
  const messages = [{ role: 'user' as const, content: 'hello there' }];

  it('lists the models', async () => {
    const { data } = await client().models.list();
    expect(data.map((model) => model.id)).toContain('llama:1b');
  });

  it('chats', async () => {
    const answer = await client().chat.completions.create({ model: 'llama:1b', messages });
    expect(answer.choices[0]).toMatchObject({
      finish_reason: 'stop',
      message: { role: 'assistant', content: 'You said hello there' },
    });
    expect(answer.usage?.total_tokens).toBeGreaterThan(0);
  });

  it('streams a chat, with usage at the end', async () => {
    const stream = await client().chat.completions.create({
      model: 'llama:1b',
      messages,
      stream: true,
      stream_options: { include_usage: true },
    });
    const chunks = [];
    for await (const chunk of stream) chunks.push(chunk);
    expect(chunks.map((chunk) => chunk.choices[0]?.delta.content ?? '').join('')).toBe('You said hello there');
    expect(chunks.filter((chunk) => chunk.choices[0]?.delta.role === 'assistant')).toHaveLength(1);
    expect(chunks.at(-2)?.choices[0]?.finish_reason).toBe('stop');
    expect(chunks.at(-1)?.usage?.completion_tokens).toBeGreaterThan(0);
  });

  it('gets a tool call', async () => {
    const tools = [
      { type: 'function' as const, function: { name: 'get_weather', parameters: { type: 'object', properties: {} } } },
    ];
    const answer = await client().chat.completions.create({
      model: 'tooled',
      messages: [{ role: 'user', content: 'call:get_weather' }],
      tools,
    });
    const [choice] = answer.choices;
    expect(choice?.finish_reason).toBe('tool_calls');
    expect(choice?.message.tool_calls?.[0]).toMatchObject({
      type: 'function',
      function: { name: 'get_weather', arguments: '{"city":"Paris"}' },
    });
  });

  it('hears of an unknown model', async () => {
    await expect(client().chat.completions.create({ model: 'nope', messages })).rejects.toMatchObject({
      status: 404,
      code: 'model_not_found',
      param: 'model',
    });
  });
});
