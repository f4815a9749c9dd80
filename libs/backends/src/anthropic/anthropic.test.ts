import { startFakeAnthropic, type AnthropicFault, type FakeAnthropic, type FakeAnthropicOptions } from '@tutti/testing';
import { systemClock as clock } from '@tutti/runtime';
import type { Chunk } from '@tutti/core';
import { afterEach, describe, expect, it } from 'vitest';
import type { Backend, ServerSettings } from '../backend.ts';
import { callWith, chatCall, collect, contextWith } from '../calls.fixture.ts';
import { openAnthropic } from './anthropic.ts';

let fake: FakeAnthropic;
let backend: Backend;

afterEach(async () => {
  await backend.close();
  await fake.close();
});

const model = 'claude-small-1';

async function open(options: FakeAnthropicOptions = {}, settings: Partial<ServerSettings> = {}): Promise<void> {
  fake = await startFakeAnthropic(options);
  backend = await openAnthropic({ url: fake.url, clock, ...settings });
}

const inventory = () => backend.inventory(new AbortController().signal);
const ask = (call = chatCall(model, 'Say hello, please.')) => collect(backend.generate(call, contextWith()));

const tools = [{ name: 'get_weather', description: 'weather', parametersJson: '{"type":"object"}' }];
const turn = (role: string, text: string, more = {}) => ({
  role,
  parts: [{ kind: { case: 'text' as const, value: text } }],
  ...more,
});

describe('a call', () => {
  it('brings the counts, cached tokens among those of the prompt', async () => {
    await open();
    const { done } = await ask();
    expect(done?.usage).toMatchObject({ promptTokens: 7, cachedTokens: 4, outputTokens: 16, estimated: false });
  });

  it('asks for a tool, and tells what it gave, without ids in the call', async () => {
    await open();
    const chunks: Chunk[] = [];
    const asking = [turn('system', 'Be brief.'), turn('user', 'call:get_weather')];
    const call = callWith({ model, kind: { case: 'chat', value: { messages: asking, tools } } });
    await collect(backend.generate(call, contextWith()), (chunk) => void chunks.push(chunk));
    const calls = chunks.flatMap(({ kind }) => (kind.case === 'delta' ? kind.value.toolCalls : []));
    expect(calls).toMatchObject([
      { index: 0, id: 'toolu_fake1', name: 'get_weather', argumentsJson: '{"city":"Paris"}' },
    ]);
    const messages = [
      ...asking,
      turn('assistant', '', { toolCalls: [{ name: 'get_weather', argumentsJson: '{}' }] }),
      turn('tool', '21 degrees', { toolName: 'get_weather' }),
      turn('user', 'So?'),
    ];
    const { error, text } = await ask(callWith({ model, kind: { case: 'chat', value: { messages, tools } } }));
    expect(error).toBeUndefined();
    expect(text).toContain('So?');
  });

  it('lets it think within what may be generated, and keeps the signature', async () => {
    await open();
    const chunks: Chunk[] = [];
    const call = chatCall(model, 'hi', { think: 'true', numPredict: 2_000 });
    await collect(backend.generate(call, contextWith()), (chunk) => void chunks.push(chunk));
    const deltas = chunks.flatMap(({ kind }) => (kind.case === 'delta' ? [kind.value] : []));
    expect(deltas[0]?.thinking).toBe('Let me see.');
    expect(deltas[1]?.extraJson).toBe('{"signature":"EqQB"}');
    expect(JSON.parse(fake.requests.at(-1)!.body)).toMatchObject({
      max_tokens: 2_000,
      thinking: { type: 'enabled', budget_tokens: 1_999 },
    });
  });

  it('tells which text stopped it', async () => {
    await open({ answer: () => 'one two END three' });
    const { done, text } = await ask(chatCall(model, 'hi', { optionsJson: '{"stop":["END"]}' }));
    expect([text, done?.reason, done?.extraJson]).toEqual(['one two', 'stop', '{"stop_sequence":"END"}']);
  });

  it('without a limit gets that of the model', async () => {
    await open();
    await inventory();
    await ask();
    expect(JSON.parse(fake.requests.at(-1)!.body)).toMatchObject({ max_tokens: 64_000 });
  });

  it('that is given up stops at the server', async () => {
    await open({ tokens: 500, tokenDelayMs: 20 });
    const controller = new AbortController();
    const call = backend.generate(chatCall(model, 'hi', { numPredict: 500 }), contextWith(controller.signal));
    const { error } = await collect(call, ({ kind }) => void (kind.case === 'delta' && controller.abort()));
    expect(error).toMatchObject({ reason: 'client_closed' });
    await fake.whenAborted(1);
    expect(fake.live).toBe(0);
  });

  it.each([
    ['seed', { optionsJson: '{"seed":1}' }],
    ['logprobs', { logprobs: 1 }],
  ])('with %s, which Anthropic does not know, is refused by name', async (param, changes) => {
    await open();
    const { error } = await ask(chatCall(model, 'hi', changes));
    expect(error).toMatchObject({ reason: 'invalid_request', param });
    expect(fake.requests).toEqual([]);
  });

  it('that is no chat is not implemented', async () => {
    await open();
    const { error } = await ask(callWith({ model, kind: { case: 'embed', value: { inputs: ['a'] } } }));
    expect(error).toMatchObject({ reason: 'not_implemented' });
  });
});

describe('an error', () => {
  it.each<[AnthropicFault, string]>([
    [401, 'upstream_error'],
    [413, 'too_large'],
    [429, 'overloaded'],
    [500, 'upstream_error'],
    [529, 'overloaded'],
    ['reset', 'upstream_error'],
    ['errorEvent', 'overloaded'],
    ['endWithoutStop', 'bad_upstream'],
  ])('%s is %s, and never tells the key', async (fault, reason) => {
    const apiKey = 'secret-of-the-node';
    await open({ apiKey }, { apiKey });
    fake.fail(fault);
    const { error } = await ask();
    expect(error).toMatchObject({ reason });
    expect(error?.message).not.toContain(apiKey);
  });

  it('tells when to come again', async () => {
    await open();
    fake.fail(429);
    expect((await ask()).error).toMatchObject({ retryAfterMs: 7_000 });
  });
});

describe('the inventory', () => {
  it('has what the server lists, with what it tells of each', async () => {
    await open({ models: ['claude-a', 'claude-b'] }, { models: ['claude-b'] });
    expect((await inventory()).models).toEqual([
      {
        name: 'claude-b',
        capabilities: ['completion', 'tools', 'vision', 'thinking'],
        contextLength: 200_000,
        modifiedAt: '2026-01-02T03:04:05.000Z',
      },
    ]);
  });

  it('marks them as in a cloud, unless the server is in a private network', async () => {
    await open({}, { trust: 'cloud' });
    expect((await inventory()).models[0]?.capabilities).toContain('cloud');
  });

  it('asks seldom', async () => {
    await open();
    await inventory();
    await inventory();
    expect(fake.requests).toHaveLength(1);
  });
});
