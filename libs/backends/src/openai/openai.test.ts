import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { startFakeOpenai, type FakeOpenai, type FakeOpenaiOptions } from '@tutti/testing';
import { systemClock as clock } from '@tutti/runtime';
import { create } from '@bufbuild/protobuf';
import { createEventParser } from '@tutti/dialects/openai';
import { ToolSchema } from '@tutti/proto/tutti/agent/v1/call';
import { afterEach, describe, expect, it } from 'vitest';
import { Verb } from '@tutti/proto/tutti/agent/v1/model';
import type { Backend, ServerSettings } from '../backend.ts';
import { callWith, chatCall, collect, contextWith } from '../calls.fixture.ts';
import { linesOf } from '../lines.ts';
import { openOpenai } from './openai.ts';

const open: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const close of open.splice(0).toReversed()) await close();
});

async function openWith(
  options: FakeOpenaiOptions = {},
  settings: Partial<ServerSettings> = {},
): Promise<{ fake: FakeOpenai; backend: Backend }> {
  const fake = await startFakeOpenai(options);
  const backend = await openOpenai({ url: fake.url, clock, ...settings });
  open.push(fake.close, backend.close);
  return { fake, backend };
}

const never = new AbortController().signal;
const lastBody = ({ requests }: FakeOpenai) => JSON.parse(requests.at(-1)!.body) as Record<string, unknown>;

describe('what a server tells of itself', () => {
  it('is its models with what is known of them, and nothing invented', async () => {
    const { backend } = await openWith({ models: ['org/a', 'b:1b'] });
    expect(await backend.inventory(never)).toEqual({
      backend: { kind: 'openai', version: '' },
      models: [
        { name: 'org/a', capabilities: [] },
        { name: 'b:1b', capabilities: [] },
      ],
      runners: [
        { model: 'org/a', slots: 4 },
        { model: 'b:1b', slots: 4 },
      ],
    });
    expect(backend.slots).toBe(4);
  });

  it('is, of a llama-server, its slots and the context that each has', async () => {
    const { backend } = await openWith({
      llamaServer: { slots: 3, contextLength: 4_096 },
      listed: { meta: { n_ctx_train: 32_768, size: 5e8 } },
    });
    expect(backend.slots).toBe(3);
    expect(await backend.inventory(never)).toMatchObject({
      backend: { version: 'b1-fake' },
      models: [{ contextLength: 4_096, sizeBytes: 5e8 }],
      runners: [{ slots: 3, contextLength: 4_096 }],
    });
  });

  it.each([
    [true, ['completion', 'tools']],
    [false, ['completion']],
    [undefined, []],
  ])('is, of a llama-server whose template knows tools: %s, that its model can %j', async (tools, capabilities) => {
    const llamaServer = { slots: 1, contextLength: 4_096, ...(tools !== undefined && { tools }) };
    const { backend } = await openWith({ models: ['m'], llamaServer });
    expect((await backend.inventory(never)).models).toMatchObject([{ name: 'm', capabilities }]);
    const call = chatCall('m', 'hi');
    if (call.kind.case === 'chat') call.kind.value.tools.push(create(ToolSchema, { name: 'f' }));
    const { error } = await collect(backend.generate(call, contextWith()));
    expect(error?.message).toBe(tools === false ? '"m" does not support tools' : undefined);
  });

  it.each([
    ['vLLM', { max_model_len: 8_192 }, { contextLength: 8_192, capabilities: [] }],
    [
      'OpenRouter',
      {
        context_length: 200_000,
        architecture: { input_modalities: ['text', 'image'] },
        supported_parameters: ['tools', 'reasoning', 'seed'],
      },
      { contextLength: 200_000, capabilities: ['completion', 'tools', 'thinking', 'vision'] },
    ],
    ['a server with odd facts', { max_model_len: 'large', meta: 7, owned_by: {} }, { capabilities: [] }],
  ])('is, of %s, what it adds to its list', async (_, listed, expected) => {
    const { backend } = await openWith({ models: ['m'], listed });
    expect((await backend.inventory(never)).models).toEqual([{ name: 'm', ...expected }]);
  });

  it('gives way to the configuration', async () => {
    const { backend } = await openWith(
      { models: ['a', 'b', 'c'], llamaServer: { slots: 2, contextLength: 512 } },
      { models: ['b', 'x'], slots: 7 },
    );
    expect(backend.slots).toBe(7);
    expect((await backend.inventory(never)).models.map(({ name }) => name)).toEqual(['b']);
    const { error } = await collect(backend.generate(chatCall('a', 'hi'), contextWith()));
    expect(error).toMatchObject({ reason: 'model_not_found' });
  });

  it('is that its models are in a cloud, unless it is near or trusted', async () => {
    const capabilities = async (settings: Partial<ServerSettings>) => {
      const { backend } = await openWith({}, settings);
      return (await backend.inventory(never)).models.map((model) => model.capabilities);
    };
    expect(await capabilities({ trust: 'cloud' })).toEqual([['cloud']]);
    expect(await capabilities({})).toEqual([[]]);
  });

  it('is nothing while nobody listens', async () => {
    const { fake, backend } = await openWith();
    await fake.close();
    await expect(backend.inventory(never)).rejects.toMatchObject({
      reason: 'upstream_error',
      message: 'The backend does not take connections; is the model server running?',
    });
  });
});

describe('a verb', () => {
  const verb = (backend: Backend, verb: Verb, body: object) =>
    Array.fromAsync(backend.verb({ verb, bodyJson: JSON.stringify(body) }, never));

  it('shows what is known of a model, in the shape of Ollama', async () => {
    const { backend } = await openWith({ models: ['m'], listed: { max_model_len: 8_192, supported_parameters: [] } });
    await backend.inventory(never);
    const [line] = await verb(backend, Verb.SHOW, { model: 'm' });
    expect(JSON.parse(line!)).toMatchObject({
      model_info: { 'general.architecture': 'unknown', 'unknown.context_length': 8_192 },
      capabilities: ['completion'],
    });
    await expect(verb(backend, Verb.SHOW, { model: 'x' })).rejects.toMatchObject({ reason: 'model_not_found' });
    await expect(verb(backend, Verb.SHOW, {})).rejects.toMatchObject({ reason: 'invalid_request', param: 'model' });
  });

  it('that changes models is the server operator to do', async () => {
    const { backend } = await openWith();
    await expect(verb(backend, Verb.PULL, { model: 'm' })).rejects.toMatchObject({ reason: 'not_implemented' });
  });
});

describe('a call', () => {
  it('names the model as the server does, and says more only to servers that take more', async () => {
    const options = { optionsJson: '{"temperature":0,"top_k":3}', numPredict: 2 };
    const { fake, backend } = await openWith({ models: ['org/a'] });
    await backend.inventory(never);
    await collect(backend.generate(chatCall('org/a:latest', 'hi', options), contextWith()));
    expect(lastBody(fake)).toMatchObject({ model: 'org/a', temperature: 0, top_k: 3, max_tokens: 2 });
    const strict = await openWith({ models: ['org/a'] }, { strict: true });
    await collect(strict.backend.generate(chatCall('org/a', 'hi', options), contextWith()));
    expect(Object.keys(lastBody(strict.fake))).toEqual(
      'model messages stream stream_options max_completion_tokens temperature'.split(' '),
    );
  });

  it('that needs more context than there is does not get to the server', async () => {
    const { fake, backend } = await openWith({ listed: { max_model_len: 4_096 } });
    await backend.inventory(never);
    const asked = (min: number) =>
      collect(backend.generate(chatCall('llama:1b', 'hi', { numCtx: { min } }), contextWith()));
    expect((await asked(4_097)).error).toMatchObject({ reason: 'context_length_exceeded', param: 'num_ctx' });
    expect(fake.requests.filter(({ method }) => method === 'POST')).toEqual([]);
    expect((await asked(4_096)).error).toBeUndefined();
  });

  it('gets estimates where the server counts nothing, and they are marked', async () => {
    const { backend } = await openWith({ usage: false, answer: () => 'one two three' });
    const { done } = await collect(backend.generate(chatCall('llama:1b', 'what is this about?'), contextWith()));
    expect(done?.usage).toMatchObject({ estimated: true, promptTokens: 5, outputTokens: 3 });
  });

  it('gets a tool call whole, and log probabilities', async () => {
    const { backend } = await openWith({ answer: () => 'a b' });
    const tools = [{ name: 'weather', parametersJson: '{"type":"object"}' }];
    const messages = [{ role: 'user', parts: [{ kind: { case: 'text' as const, value: 'call:weather' } }] }];
    const calls: unknown[] = [];
    const call = callWith({ model: 'llama:1b', kind: { case: 'chat', value: { messages, tools } } });
    await collect(backend.generate(call, contextWith()), ({ kind }) => {
      if (kind.case === 'delta') calls.push(...kind.value.toolCalls);
    });
    expect(calls).toMatchObject([{ id: 'call_1', name: 'weather', argumentsJson: '{"city":"Paris"}' }]);
    const tokens: string[] = [];
    await collect(backend.generate(chatCall('llama:1b', 'hi', { logprobs: 1 }), contextWith()), ({ kind }) => {
      if (kind.case === 'delta') tokens.push(...kind.value.logprobs.map(({ token }) => token));
    });
    expect(tokens).toEqual(['a', ' b']);
  });

  it('that is cancelled closes its request', async () => {
    const { fake, backend } = await openWith({ tokens: Infinity, tokenDelayMs: 1 });
    const controller = new AbortController();
    await collect(backend.generate(chatCall('llama:1b', 'hi'), contextWith(controller.signal)), ({ kind }) => {
      if (kind.case === 'delta') controller.abort();
    });
    await fake.whenAborted();
    expect(fake.live).toBe(0);
  });

  it.each([
    ['http500', 'upstream_error'],
    ['busy', 'overloaded'],
    ['noKey', 'upstream_error'],
    ['noModel', 'model_not_found'],
    ['tooLong', 'context_length_exceeded'],
    ['garbage', 'bad_upstream'],
    ['refuse', 'upstream_error'],
    ['reset', 'upstream_error'],
    ['halfLine', 'bad_upstream'],
    ['errorEvent', 'upstream_error'],
    ['endWithoutDone', 'bad_upstream'],
    ['longLine', 'bad_upstream'],
  ] as const)('that meets %s fails with %s, and the next one is right', async (fault, reason) => {
    const { fake, backend } = await openWith();
    fake.fail(fault);
    const { error } = await collect(backend.generate(chatCall('llama:1b', 'hi'), contextWith()));
    expect(error).toMatchObject({ reason });
    const next = await collect(backend.generate(chatCall('llama:1b', 'hi'), contextWith()));
    expect(next.error).toBeUndefined();
  });

  it('that comes too often may come again when the server says so', async () => {
    const { fake, backend } = await openWith();
    fake.fail('rateLimited');
    const { error } = await collect(backend.generate(chatCall('llama:1b', 'hi'), contextWith()));
    expect(error).toMatchObject({ reason: 'overloaded', retryAfterMs: 7_000 });
  });
});

describe('an API key', () => {
  it('is in no error, even if the server quotes it', async () => {
    const apiKey = 'own-words-no-pattern';
    const server = createServer((request, response) => {
      response.statusCode = 400;
      response.end(JSON.stringify({ error: { message: `you sent ${request.headers.authorization}` } }));
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    open.push(async () => void server.close());
    const { port } = server.address() as AddressInfo;
    const backend = await openOpenai({ url: `http://127.0.0.1:${port}`, apiKey, clock });
    open.push(backend.close);
    const { error } = await collect(backend.generate(chatCall('m', 'hi'), contextWith()));
    expect(error?.message).toBe('you sent Bearer ***');
  });

  it('goes with every request and is in no error', async () => {
    const apiKey = 'own-words-no-pattern';
    const { fake, backend } = await openWith({ apiKey }, { apiKey });
    expect((await backend.inventory(never)).models).toHaveLength(1);
    const answered = await collect(backend.generate(chatCall('llama:1b', 'hi'), contextWith()));
    expect(answered.error).toBeUndefined();
    await backend.close();
    const wrong = await openOpenai({ url: fake.url, clock, apiKey: 'wrong' });
    open.push(wrong.close);
    const problem = {
      reason: 'upstream_error',
      message: expect.stringMatching(/refuses this node's API key/) as string,
    };
    await expect(wrong.inventory(never)).rejects.toMatchObject(problem);
    const { error } = await collect(wrong.generate(chatCall('llama:1b', 'hi'), contextWith()));
    expect(error).toMatchObject(problem);
    expect(error?.message).not.toContain('wrong');
  });
});

it('a stream is the same however its bytes are cut', async () => {
  const event = (content: string) => `data: {"choices":[{"index":0,"delta":{"content":"${content}"}}]}\r\n\r\n`;
  const bytes = Buffer.from(`${event('Grüße 🐕')}: comment\n\n${event('世界')}data: [DONE]\n\n`);
  const read = async (...pieces: Uint8Array[]): Promise<string> => {
    const parser = createEventParser({ promptTokens: 1 });
    const chunks = [];
    async function* body() {
      yield* pieces;
    }
    for await (const lines of linesOf(body())) chunks.push(...lines.flatMap((line) => parser.line(line)));
    return chunks.map(({ kind }) => (kind.case === 'delta' ? kind.value.text : kind.case)).join('|');
  };
  for (let at = 0; at <= bytes.length; at++) {
    expect(await read(bytes.subarray(0, at), bytes.subarray(at)), `cut at ${at}`).toBe('Grüße 🐕|世界|done');
  }
});
