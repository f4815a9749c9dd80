import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import Anthropic from '@anthropic-ai/sdk';
import { startFakeAnthropic, startFakeOllama, type FakeAnthropic, type FakeOllama } from '@tutti/testing';
import { Ollama } from 'ollama';
import OpenAI from 'openai';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { startLlamaServer, type LlamaServer } from '../../../tools/llama-server/start-llama-server.ts';
import { chatModel } from '../../../tools/ollama/recipes.ts';
import { startOllama, type RealOllama } from '../../../tools/ollama/start-ollama.ts';
import { nodesReady, startAgent, startOrchestrator, stopAll, temporaryFolder, type Orchestrator } from './processes.ts';

const llama = inject('llamaServer');
const real = inject('ollama');

/** Which node has it: a llama-server, an Ollama, which is a real one where there is one, and a server with Anthropic's API. */
const models = { rack: 'served/smollm2', box: chatModel, hosted: 'claude-small-1' } as const;
const places = Object.entries(models);
const messages = [{ role: 'user' as const, content: 'What is the capital of France?' }];
const weather = {
  name: 'get_weather',
  description: 'Tells the weather.',
  parameters: { type: 'object' as const, properties: { city: { enum: ['Paris'] } }, required: ['city'] },
};

describe.skipIf(!llama.available)("a cluster of a llama-server, an Ollama and a server with Anthropic's API", () => {
  let server: LlamaServer;
  let ollamaServer: RealOllama | FakeOllama;
  let anthropicServer: FakeAnthropic;
  let orchestrator: Orchestrator;
  let ollama: Ollama;
  let openai: OpenAI;
  let anthropic: Anthropic;

  beforeAll(async () => {
    if (!llama.available) return;
    server = await startLlamaServer({ ...llama, name: models.rack, tools: true, embeddings: true });
    ollamaServer = real.available ? await startOllama(real) : await startFakeOllama({ models: [models.box] });
    anthropicServer = await startFakeAnthropic({ models: [models.hosted] });
    const config = join(await temporaryFolder(), 'tutti.yaml');
    const nodes = [
      { name: 'rack', kind: 'openai', url: server.url },
      { name: 'hosted', kind: 'anthropic', url: anthropicServer.url },
    ];
    await writeFile(config, JSON.stringify({ nodes }));
    orchestrator = await startOrchestrator(['--config', config]);
    await startAgent({ name: 'box', orchestrators: [orchestrator], ollamaUrl: ollamaServer.url });
    await nodesReady(orchestrator, 3);
    const { url } = orchestrator;
    ollama = new Ollama({ host: url });
    openai = new OpenAI({ baseURL: `${url}/v1`, apiKey: 'any', maxRetries: 0 });
    anthropic = new Anthropic({ baseURL: url, apiKey: 'any', maxRetries: 0 });
  });

  afterAll(async () => {
    await stopAll();
    await Promise.all([server?.close(), ollamaServer?.close(), anthropicServer?.close()]);
  });

  it('lists all models in each face, and what the llama-server tells of its own', async () => {
    const wanted = expect.arrayContaining(Object.values(models));
    expect((await ollama.list()).models.map(({ name }) => name)).toEqual(wanted);
    expect((await openai.models.list()).data.map(({ id }) => id)).toEqual(wanted);
    expect((await anthropic.models.list()).data.map(({ id }) => id)).toEqual(wanted);
    const { capabilities, model_info: facts } = await ollama.show({ model: models.rack });
    expect(capabilities).toEqual(['completion', 'tools']);
    expect(facts).toMatchObject({ 'unknown.context_length': 2048 });
    const node = await (await fetch(`${orchestrator.url}/api/nodes/rack`)).json();
    expect(node).toMatchObject({ backend: 'openai', status: 'READY', slots: { total: 2 } });
  });

  it.each(places)("answers Ollama's clients: %s with %s", async (node, model) => {
    const options = { num_predict: 8, temperature: 0 };
    const plain = await ollama.chat({ model, messages, options });
    expect(plain).toMatchObject({ done: true, tutti: { node } });
    expect(plain.message.content).not.toBe('');
    expect([plain.prompt_eval_count, plain.eval_count].every((count) => count > 0)).toBe(true);
    let text = '';
    for await (const part of await ollama.chat({ model, messages, options, stream: true }))
      text += part.message.content;
    expect(text).toBe(plain.message.content);
  });

  it.each(places)("answers OpenAI's clients: %s with %s", async (_, model) => {
    const limits = { model, messages, max_tokens: 8, temperature: 0 };
    const plain = await openai.chat.completions.create(limits);
    expect(plain.choices[0]?.message.content).not.toBe('');
    const stream = await openai.chat.completions.create({
      ...{ ...limits, stream: true, stream_options: { include_usage: true } },
    });
    let text = '';
    let usage;
    for await (const chunk of stream) {
      text += chunk.choices[0]?.delta.content ?? '';
      usage = chunk.usage ?? usage;
    }
    expect(text).toBe(plain.choices[0]?.message.content);
    expect(usage).toMatchObject({ prompt_tokens: plain.usage!.prompt_tokens, completion_tokens: expect.any(Number) });
    const response = await openai.responses.create({ model, input: 'hello', max_output_tokens: 16, store: false });
    expect(response.output_text).not.toBe('');
  });

  it.each(places)("answers Anthropic's clients: %s with %s", async (_, model) => {
    const stream = anthropic.messages.stream({ model, messages, max_tokens: 8 });
    const message = await stream.finalMessage();
    expect(message.content).toMatchObject([{ type: 'text', text: expect.stringMatching(/./) as string }]);
    expect(message.usage.output_tokens).toBeGreaterThan(0);
  });

  it('gives the same words and counts of a llama-server in each face', async () => {
    const model = models.rack;
    const chat = await ollama.chat({ model, messages, options: { temperature: 0, num_predict: 6, seed: 1 } });
    const same = { model, messages, max_tokens: 6, temperature: 0 };
    const completion = await openai.chat.completions.create({ ...same, seed: 1 });
    const message = await anthropic.messages.create(same);
    expect(completion.choices[0]?.message.content).toBe(chat.message.content);
    expect(message.content).toMatchObject([{ text: chat.message.content }]);
    expect(completion.usage).toMatchObject({ prompt_tokens: chat.prompt_eval_count, completion_tokens: 6 });
    const { input_tokens: read, cache_read_input_tokens: cached, output_tokens: written } = message.usage;
    expect([read + (cached ?? 0), written]).toEqual([chat.prompt_eval_count, 6]);
  });

  it('has vectors of a llama-server in each face, of any length that is asked for', async () => {
    const model = models.rack;
    const { embeddings } = await ollama.embed({ model, input: ['a cat', 'a dog'] });
    const made = await openai.embeddings.create({ model, input: ['a cat', 'a dog'], encoding_format: 'float' });
    expect(made.data.map(({ embedding }) => embedding)).toEqual(embeddings);
    expect(embeddings.map((vector) => Math.hypot(...vector))).toEqual([expect.closeTo(1, 4), expect.closeTo(1, 4)]);
    const short = await openai.embeddings.create({ model, input: 'a cat', dimensions: 16 });
    expect(short.data[0]?.embedding).toHaveLength(16);
    const { embedding: raw } = await ollama.embeddings({ model, prompt: 'a cat' });
    const length = Math.hypot(...raw);
    expect(length).toBeGreaterThan(1.01);
    raw.forEach((value, index) => expect(value / length).toBeCloseTo(embeddings[0]![index]!, 3));
  });

  it('calls a tool by a llama-server in each face', async () => {
    const model = models.rack;
    const city = { city: 'Paris' };
    const question = { role: 'user' as const, content: 'What is the weather in Paris?' };
    const ids = ['call_0', 'call_1', 'call_2', 'call_3'];
    const { name } = weather;
    const chat = await ollama.chat({
      ...{ model, tools: [{ type: 'function', function: weather }], options: { temperature: 0, num_predict: 64 } },
      messages: [
        ...ids.flatMap((id) => [
          question,
          { role: 'assistant', content: '', tool_calls: [{ id, function: { name, arguments: city } }] },
          { role: 'tool', content: 'sunny', tool_name: name, tool_call_id: id },
        ]),
        question,
      ],
    });
    expect(chat.message.tool_calls).toMatchObject([{ function: { name, arguments: city } }]);
    const completion = await openai.chat.completions.create({
      ...{ model, tools: [{ type: 'function', function: weather }], temperature: 0, max_tokens: 64 },
      tool_choice: 'required',
      messages: [
        ...ids.flatMap((id) => [
          question,
          {
            role: 'assistant' as const,
            tool_calls: [{ id, type: 'function' as const, function: { name, arguments: JSON.stringify(city) } }],
          },
          { role: 'tool' as const, tool_call_id: id, content: 'sunny' },
        ]),
        question,
      ],
    });
    expect(completion.choices[0]).toMatchObject({
      finish_reason: 'tool_calls',
      message: { tool_calls: [{ type: 'function', function: { name } }] },
    });
    const message = await anthropic.messages.create({
      ...{ model, max_tokens: 64, temperature: 0 },
      tools: [{ name, description: weather.description, input_schema: weather.parameters }],
      messages: [
        ...ids.flatMap((id) => [
          question,
          { role: 'assistant' as const, content: [{ type: 'tool_use' as const, id, name, input: city }] },
          { role: 'user' as const, content: [{ type: 'tool_result' as const, tool_use_id: id, content: 'sunny' }] },
        ]),
        question,
      ],
    });
    expect(message).toMatchObject({ stop_reason: 'tool_use', content: [{ type: 'tool_use', name, input: city }] });
  });

  it('keeps to a JSON schema by a llama-server', async () => {
    const schema = { type: 'object', properties: { name: { type: 'string', maxLength: 8 } }, required: ['name'] };
    const { message } = await ollama.chat({ model: models.rack, messages, format: schema });
    expect(JSON.parse(message.content)).toEqual({ name: expect.any(String) as string });
  });

  it('tells in the words of each face what a llama-server cannot do', async () => {
    const model = models.rack;
    const long = [{ role: 'user' as const, content: 'one two three '.repeat(1_200) }];
    await expect(ollama.chat({ model, messages: long })).rejects.toMatchObject({ status_code: 400 });
    await expect(openai.chat.completions.create({ model, messages: long })).rejects.toMatchObject({
      ...{ status: 400, code: 'context_length_exceeded' },
    });
    await expect(anthropic.messages.create({ model, messages: long, max_tokens: 9 })).rejects.toMatchObject({
      ...{ status: 400, error: { error: { type: 'invalid_request_error' } } },
    });
    const text = 'one two three '.repeat(300);
    await expect(openai.embeddings.create({ model, input: text })).rejects.toMatchObject({
      ...{ status: 400, code: 'context_length_exceeded', param: 'input' },
    });
    const picture = { type: 'image_url' as const, image_url: { url: 'data:image/png;base64,iVBORw0KGgo=' } };
    const seen = openai.chat.completions.create({ model, messages: [{ role: 'user', content: [picture] }] });
    await expect(seen).rejects.toMatchObject({ status: 400 });
    // None of that is a fault of the node.
    expect(await ollama.chat({ model, messages, options: { num_predict: 1 } })).toMatchObject({ done: true });
  });
});
