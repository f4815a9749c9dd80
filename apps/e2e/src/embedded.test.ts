import { Client, credentials } from '@grpc/grpc-js';
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import {
  AgentService,
  InvokeRequestSchema,
  InvokeResponseSchema,
  type InvokeResponse,
} from '@tutti/proto/tutti/agent/v1/agent';
import { Ollama } from 'ollama';
import OpenAI from 'openai';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  nodesReady,
  startAgent,
  startOrchestrator,
  stopAll,
  usualKeepalive,
  type Agent,
  type Orchestrator,
} from './processes.ts';

const question = { role: 'user' as const, content: 'What is the capital of France?' };
const options = { temperature: 0, repeat_penalty: 1, num_predict: 32 };

let orchestrator: Orchestrator;
let agent: Agent;
let model: string | undefined;

/** No Ollama is found, so the agent fetches a small model, or falls back to the echo where no source answers. */
beforeAll(async () => {
  // Loading a model holds the agent's loop up for a while; on a busy machine for longer than the tests' quick pings allow.
  orchestrator = await startOrchestrator(usualKeepalive);
  agent = await startAgent({
    name: 'embedded',
    orchestrators: [orchestrator],
    backend: 'auto',
    ollamaUrl: 'http://127.0.0.1:1',
    args: ['--threads', '1'],
  });
  await nodesReady(orchestrator, 1);
  const { models } = await new Ollama({ host: orchestrator.url }).list();
  model = agent.facts.backend === 'embedded' ? models[0]?.name : undefined;
}, 180_000);

afterAll(stopAll);

describe('the embedded engine behind Tutti', () => {
  it('answers the official ollama client with a real model', async ({ skip }) => {
    if (!model) return skip('no source has a model');
    const client = new Ollama({ host: orchestrator.url });
    const answer = await client.chat({ model, messages: [question], options });
    expect(answer.message.content).toContain('Paris');
    expect(answer.eval_count).toBeGreaterThan(0);
    let streamed = '';
    for await (const part of await client.chat({ model, messages: [question], options, stream: true }))
      streamed += part.message.content;
    expect(streamed).toBe(answer.message.content);
  });

  it('makes any model call a function that it must call', async ({ skip }) => {
    if (!model) return skip('no source has a model');
    const client = new OpenAI({ baseURL: `${orchestrator.url}/v1`, apiKey: 'any', maxRetries: 0 });
    const parameters = { type: 'object', properties: { city: { enum: ['Paris', 'Rome'] } }, required: ['city'] };
    const answer = await client.chat.completions.create({
      model,
      messages: [{ role: 'user', content: 'How is the weather in Paris?' }],
      tools: [{ type: 'function', function: { name: 'get_weather', parameters } }],
      tool_choice: 'required',
      temperature: 0,
      max_tokens: 64,
    });
    const [choice] = answer.choices;
    expect(choice).toMatchObject({
      finish_reason: 'tool_calls',
      message: { content: null, tool_calls: [{ function: { name: 'get_weather' } }] },
    });
    const [call] = choice?.message.tool_calls ?? [];
    const asked = JSON.parse(call?.type === 'function' ? call.function.arguments : '') as { city: string };
    expect(['Paris', 'Rome']).toContain(asked.city);
  });

  it('answers a bare grpc-js client at the agent', async ({ skip }) => {
    if (!model) return skip('no source has a model');
    const { path, text } = {
      path: `/${AgentService.typeName}/Invoke`,
      text: { kind: { case: 'text' as const, value: question.content } },
    };
    const messages = [{ role: 'user', parts: [text] }];
    const call = {
      model,
      numPredict: 32,
      optionsJson: JSON.stringify(options),
      kind: { case: 'chat' as const, value: { messages } },
    };
    const client = new Client(`127.0.0.1:${agent.facts.port}`, credentials.createInsecure());
    const stream = client.makeServerStreamRequest<object, InvokeResponse>(
      path,
      () => Buffer.from(toBinary(InvokeRequestSchema, create(InvokeRequestSchema, { call }))),
      (bytes) => fromBinary(InvokeResponseSchema, bytes),
      {},
    );
    const chunks = (await Array.fromAsync(stream as AsyncIterable<InvokeResponse>)).flatMap(
      (response) => response.chunks,
    );
    client.close();
    const words = chunks.map(({ kind }) => (kind.case === 'delta' ? kind.value.text : '')).join('');
    expect(words).toContain('Paris');
    expect(chunks[0]?.kind).toMatchObject({ case: 'progress', value: { kind: { case: 'accepted' } } });
    expect(chunks.at(-1)?.kind.case).toBe('done');
  });
});
