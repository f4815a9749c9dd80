import Anthropic from '@anthropic-ai/sdk';
import { startFakeAnthropic, startFakeOllama, type FakeAnthropic, type FakeOllama } from '@tutti/testing';
import { Ollama } from 'ollama';
import OpenAI from 'openai';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  nodesReady,
  startOrchestrator,
  startProgram,
  stopAll,
  temporaryFolder,
  type Orchestrator,
} from './processes.ts';

const apiKey = 'key-of-the-node';
const model = 'claude-small-1';
const messages = [{ role: 'user' as const, content: 'hello there' }];

let fake: FakeAnthropic;
let orchestrator: Orchestrator;

/** Starts an agent before an Anthropic server. */
async function startAnthropicAgent({ facts }: Orchestrator, url: string, args: readonly string[]): Promise<void> {
  await startProgram('agent', [
    ...['--port', '0', '--name', 'remote', '--orchestrators', `127.0.0.1:${facts.grpcPort}`],
    ...['--backend', 'anthropic', '--anthropic-base-url', url, '--data-folder', await temporaryFolder()],
    ...args,
  ]);
}

beforeAll(async () => {
  fake = await startFakeAnthropic({ models: [model], apiKey, answer: (prompt) => `You said ${prompt}` });
  orchestrator = await startOrchestrator();
  await startAnthropicAgent(orchestrator, fake.url, ['--anthropic-api-key', apiKey, '--trust', 'cloud']);
  await nodesReady(orchestrator, 1);
});

afterAll(async () => {
  await stopAll();
  await fake.close();
});

describe('an Anthropic server behind an agent', () => {
  const anywhere = { 'x-tutti-privacy': 'any' };

  it('answers every face', async () => {
    const { url } = orchestrator;
    const openai = new OpenAI({ baseURL: `${url}/v1`, apiKey: 'any', defaultHeaders: anywhere });
    const anthropic = new Anthropic({ baseURL: url, apiKey: 'any', defaultHeaders: anywhere });
    const ollama = new Ollama({ host: url, headers: anywhere });
    const completion = await openai.chat.completions.create({ model, messages });
    const message = await anthropic.messages.stream({ model, messages, max_tokens: 50 }).finalMessage();
    const chat = await ollama.chat({ model, messages });
    expect(completion.choices[0]?.message.content).toBe('You said hello there');
    expect(completion.usage).toMatchObject({ prompt_tokens: 6, completion_tokens: 4 });
    expect(message.content).toMatchObject([{ type: 'text', text: 'You said hello there' }]);
    expect(message.usage).toMatchObject({ input_tokens: 2, cache_read_input_tokens: 4, output_tokens: 4 });
    expect(chat.message.content).toBe('You said hello there');
  });

  it('is not asked unless text may leave the cluster', async () => {
    const before = fake.requests.length;
    const response = await fetch(`${orchestrator.url}/v1/messages`, {
      method: 'POST',
      body: JSON.stringify({ model, messages, max_tokens: 5 }),
    });
    expect(response.status).toBeGreaterThanOrEqual(400);
    expect(await response.json()).toMatchObject({ type: 'error' });
    expect(fake.requests.slice(before).filter(({ path }) => path === '/v1/messages')).toEqual([]);
  });

  it('never hears of a client’s key, and gets that of its node', async () => {
    const anthropic = new Anthropic({ baseURL: orchestrator.url, apiKey: 'key-of-a-client', defaultHeaders: anywhere });
    await anthropic.messages.create({ model, messages, max_tokens: 5 });
    expect(fake.headers['x-api-key']).toBe(apiKey);
    expect(JSON.stringify(fake.headers)).not.toContain('key-of-a-client');
  });
});

it('an Anthropic server needs no agent', async () => {
  const nodes = [{ name: 'direct', kind: 'anthropic', url: fake.url, apiKey }];
  const direct = await startOrchestrator(['--nodes', JSON.stringify(nodes)]);
  await nodesReady(direct, 1);
  const anthropic = new Anthropic({ baseURL: direct.url, apiKey: 'any' });
  const message = await anthropic.messages.create({ model, messages, max_tokens: 50 });
  expect(message.content).toMatchObject([{ type: 'text', text: 'You said hello there' }]);
  expect(direct.log()).not.toContain(apiKey);
});

describe('a Tutti behind a Tutti', () => {
  let ollama: FakeOllama;

  afterAll(() => ollama.close());

  it('is one Anthropic server, as exact as the first', async () => {
    ollama = await startFakeOllama({
      models: [{ name: 'thinker:latest', capabilities: ['completion', 'thinking', 'tools'] }],
      answer: (prompt) => `You said ${prompt}`,
    });
    const inner = await startOrchestrator();
    await startProgram('agent', [
      ...['--port', '0', '--name', 'inner', '--orchestrators', `127.0.0.1:${inner.facts.grpcPort}`],
      ...['--llama-base-url', ollama.url, '--data-folder', await temporaryFolder()],
    ]);
    await nodesReady(inner, 1);
    const outer = await startOrchestrator();
    await startAnthropicAgent(outer, inner.url, []);
    await nodesReady(outer, 1);
    const ask = async ({ url }: Orchestrator) => {
      const client = new Anthropic({ baseURL: url, apiKey: 'any', maxRetries: 0 });
      const thinking = { type: 'enabled' as const, budget_tokens: 1_024 };
      const tools = [{ name: 'get_weather', input_schema: { type: 'object' as const } }];
      const body = { model: 'thinker:latest', max_tokens: 2_000 };
      const answers = [
        await client.messages.create({ ...body, messages, thinking }),
        await client.messages.create({ ...body, messages: [{ role: 'user', content: 'call:get_weather' }], tools }),
      ];
      return answers.map(({ content, stop_reason: reason, usage }) => ({
        ...{ reason, usage: [usage.input_tokens, usage.output_tokens] },
        content: content.map((block) => (block.type === 'tool_use' ? { ...block, id: '' } : block)),
      }));
    };
    const throughBoth = await ask(outer);
    expect(throughBoth).toEqual(await ask(inner));
    expect(throughBoth[0]?.content).toMatchObject([{ type: 'thinking', signature: 'tutti' }, { type: 'text' }]);
    expect(throughBoth[1]?.content).toMatchObject([{ type: 'tool_use', name: 'get_weather' }]);
  });
});
