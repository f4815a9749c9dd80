import { systemClock as clock } from '@tutti/runtime';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import {
  contextLength,
  startLlamaServer,
  type LlamaServer,
} from '../../../../tools/llama-server/start-llama-server.ts';
import type { Backend } from '../backend.ts';
import { callWith, chatCall, collect, contextWith } from '../calls.fixture.ts';
import { backendContract } from '../contract.fixture.ts';
import { openOpenai } from './openai.ts';

const provisioned = inject('llamaServer');
const model = 'smollm2:135m';

async function startReal(more: { tools?: boolean; embeddings?: boolean }): Promise<LlamaServer | undefined> {
  return provisioned.available ? startLlamaServer({ ...provisioned, name: model, ...more }) : undefined;
}

backendContract('openai', {
  async open() {
    const server = await startReal({ embeddings: true });
    if (!server) return undefined;
    const backend = await openOpenai({ url: server.url, clock });
    const close = async (): Promise<void> => {
      await backend.close();
      await server.close();
    };
    return { backend: { ...backend, close }, model, embedder: model };
  },
  without: {
    'takes an empty chat that keeps nothing alive as a wish to unload it': "OpenAI's API cannot unload models",
  },
});

describe.skipIf(!provisioned.available)('a llama-server', () => {
  let server: LlamaServer;
  let backend: Backend;

  beforeAll(async () => {
    server = (await startReal({ tools: true }))!;
    backend = await openOpenai({ url: server.url, clock });
  });

  afterAll(async () => {
    await backend?.close();
    await server?.close();
  });

  const answerTo = (call: Parameters<Backend['generate']>[0]) => collect(backend.generate(call, contextWith()));

  it('tells its slots, the context of each, its version, and what its model can do', async () => {
    expect(backend.slots).toBe(2);
    expect(await backend.inventory(new AbortController().signal)).toMatchObject({
      backend: { kind: 'openai', version: expect.stringMatching(/^b\d+-/) as string },
      models: [{ name: model, contextLength, capabilities: ['completion', 'tools'], sizeBytes: expect.any(Number) }],
      runners: [{ model, slots: 2, contextLength }],
    });
  });

  it('counts and times its answers', async () => {
    const { done } = await answerTo(chatCall(model, 'Say hello, please.', { numPredict: 8 }));
    expect(done?.usage).toMatchObject({ estimated: false, outputTokens: 8, promptTokens: expect.any(Number) });
    expect(done?.timings).toMatchObject({ promptMs: expect.any(Number), outputMs: expect.any(Number) });
  });

  it('tells log probabilities', async () => {
    const logprobs: unknown[] = [];
    const call = chatCall(model, 'Say hello, please.', { numPredict: 2, logprobs: 2 });
    await collect(backend.generate(call, contextWith()), ({ kind }) => {
      if (kind.case === 'delta') logprobs.push(...kind.value.logprobs);
    });
    const logprob = { logprob: expect.any(Number) as number, top: [{}, {}] };
    expect(logprobs).toMatchObject([logprob, logprob]);
  });

  it('calls a tool, as it has before, in one piece', async () => {
    const calls: unknown[] = [];
    const { done } = await collect(backend.generate(weatherCall(), contextWith()), ({ kind }) => {
      if (kind.case === 'delta') calls.push(...kind.value.toolCalls);
    });
    expect(calls).toMatchObject([{ name: 'get_weather', id: expect.stringMatching(/./) as string }]);
    expect(JSON.parse((calls[0] as { argumentsJson: string }).argumentsJson)).toEqual({ city: 'Paris' });
    expect(done?.reason).toBe('stop');
  });

  it('refuses a prompt that is too long', async () => {
    const { error } = await answerTo(chatCall(model, 'one two three '.repeat(1_500)));
    expect(error).toMatchObject({ reason: 'context_length_exceeded' });
  });

  it('says that it makes no vectors unless it was started for that', async () => {
    const { error } = await answerTo(callWith({ model, kind: { case: 'embed', value: { inputs: ['a'] } } }));
    expect(error).toMatchObject({ reason: 'not_implemented', message: expect.stringMatching(/--embeddings/) });
  });

  it('answers an error where it is killed in the middle of an answer', async () => {
    const own = (await startReal({}))!;
    const opened = await openOpenai({ url: own.url, clock });
    let killed: Promise<void> | undefined;
    const call = chatCall(model, 'Tell me a long story.', { numPredict: 500 });
    const { error } = await collect(opened.generate(call, contextWith()), ({ kind }) => {
      if (kind.case === 'delta') killed ??= own.close();
    });
    expect(['upstream_error', 'bad_upstream']).toContain(error?.reason);
    await killed;
    await opened.close();
  });
});

describe.skipIf(!provisioned.available)('a llama-server with a template without tools, that makes vectors', () => {
  let server: LlamaServer;
  let backend: Backend;

  beforeAll(async () => {
    server = (await startReal({ embeddings: true }))!;
    backend = await openOpenai({ url: server.url, clock });
    await backend.inventory(new AbortController().signal);
  });

  afterAll(async () => {
    await backend?.close();
    await server?.close();
  });

  it('gets no tools: it would leave them out', async () => {
    const { error } = await collect(backend.generate(weatherCall(), contextWith()));
    expect(error).toMatchObject({ reason: 'invalid_request', param: 'tools' });
  });

  it('makes shorter vectors, though it knows of none', async () => {
    const embed = { inputs: ['a cat'], dimensions: 8 };
    const { vectors } = await collect(
      backend.generate(callWith({ model, kind: { case: 'embed', value: embed } }), contextWith()),
    );
    expect(vectors).toHaveLength(1);
    expect(vectors[0]).toHaveLength(8);
    expect(Math.hypot(...vectors[0]!)).toBeCloseTo(1, 5);
  });

  it('refuses a text that is too long to be a vector', async () => {
    const embed = { inputs: ['one two three '.repeat(300)] };
    const { error } = await collect(
      backend.generate(callWith({ model, kind: { case: 'embed', value: embed } }), contextWith()),
    );
    expect(error).toMatchObject({ reason: 'context_length_exceeded' });
  });
});

/** The small model does what it sees itself doing. */
function weatherCall() {
  const question = {
    role: 'user',
    parts: [{ kind: { case: 'text' as const, value: 'What is the weather in Paris?' } }],
  };
  const city = { type: 'object', properties: { city: { enum: ['Paris'] } }, required: ['city'] };
  const turns = ['call_0', 'call_1', 'call_2', 'call_3'].flatMap((id) => [
    question,
    { role: 'assistant', toolCalls: [{ id, name: 'get_weather', argumentsJson: '{"city":"Paris"}' }] },
    { role: 'tool', toolCallId: id, parts: [{ kind: { case: 'text' as const, value: 'sunny' } }] },
  ]);
  return callWith({
    model,
    numPredict: 64,
    optionsJson: '{"temperature":0}',
    kind: {
      case: 'chat',
      value: {
        messages: [...turns, question],
        tools: [{ name: 'get_weather', description: 'Tells the weather.', parametersJson: JSON.stringify(city) }],
      },
    },
  });
}
