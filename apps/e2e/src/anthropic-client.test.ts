import Anthropic, { AuthenticationError, BadRequestError, NotFoundError, OverloadedError } from '@anthropic-ai/sdk';
import { startFakeOllama, type FakeOllama } from '@tutti/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startExposedCluster } from './exposed-cluster.ts';
import { eventually, nodesReady, startAgent, startOrchestrator, stopAll, type Orchestrator } from './processes.ts';

let orchestrator: Orchestrator;
let fake: FakeOllama;

beforeAll(async () => {
  fake = await startFakeOllama({
    models: [
      'llama:1b',
      { name: 'tooled:latest', capabilities: ['completion', 'tools'] },
      { name: 'seeing:latest', capabilities: ['completion', 'vision'] },
      { name: 'thinker:latest', capabilities: ['completion', 'thinking'] },
    ],
    answer: (prompt) => `You said ${prompt}`,
  });
  orchestrator = await startOrchestrator(['--aliases', '{"claude-*":"llama:1b","claude-tools":"tooled"}']);
  await startAgent({ name: 'one', orchestrators: [orchestrator], ollamaUrl: fake.url });
  await nodesReady(orchestrator, 1);
});

afterAll(async () => {
  await stopAll();
  await fake.close();
});

const client = (): Anthropic => new Anthropic({ baseURL: orchestrator.url, apiKey: 'any', maxRetries: 0 });
const messages = [{ role: 'user' as const, content: 'hello there' }];
const model = 'llama:1b';

describe('the official Anthropic client, with only the base URL changed', () => {
  it('asks', async () => {
    const message = await client().messages.create({ model, messages, max_tokens: 100 });
    expect(message).toMatchObject({
      type: 'message',
      role: 'assistant',
      model,
      content: [{ type: 'text', text: 'You said hello there' }],
      stop_reason: 'end_turn',
      stop_sequence: null,
    });
    expect(message.id).toMatch(/^msg_/);
    expect(message.usage.input_tokens).toBeGreaterThan(0);
    expect(message.usage.output_tokens).toBeGreaterThan(0);
    expect(message).toHaveProperty('_request_id', expect.stringMatching(/.+/));
  });

  it('streams, and puts the same message together', async () => {
    const stream = client().messages.stream({ model, messages, max_tokens: 100 });
    const pieces: string[] = [];
    const types: string[] = [];
    stream.on('text', (text) => pieces.push(text));
    stream.on('streamEvent', ({ type }) => types.push(type));
    const message = await stream.finalMessage();
    expect(pieces.length).toBeGreaterThan(1);
    expect(pieces.join('')).toBe('You said hello there');
    expect(message).toMatchObject({ content: [{ text: 'You said hello there' }], stop_reason: 'end_turn' });
    expect(message.usage.input_tokens).toBeGreaterThan(0);
    expect(types.filter((type) => type !== 'content_block_delta')).toEqual([
      ...['message_start', 'content_block_start', 'content_block_stop', 'message_delta', 'message_stop'],
    ]);
  });

  it('is cut off where it wants to be', async () => {
    const message = await client().messages.create({ model, messages, max_tokens: 2 });
    expect(message.stop_reason).toBe('max_tokens');
    expect(message.usage.output_tokens).toBe(2);
  });
});

it('may use betas: what they name changes nothing', async () => {
  const message = await client().beta.messages.create({
    ...{ model, messages, max_tokens: 100, betas: ['context-management-2025-06-27', 'nobody-knows-2099-01-01'] },
    system: [{ type: 'text', text: 'Be brief.', cache_control: { type: 'ephemeral' } }],
    context_management: { edits: [{ type: 'clear_thinking_20251015', keep: 'all' }] },
    metadata: { user_id: 'somebody' },
  });
  expect(message.content).toMatchObject([{ type: 'text', text: 'You said hello there' }]);
  expect(fake.requests.at(-1)!.body).not.toContain('context_management');
});

describe('tools', () => {
  const tools = [
    {
      name: 'get_weather',
      description: 'weather',
      input_schema: { type: 'object' as const, properties: { city: { type: 'string' } } },
    },
  ];
  const asking = [{ role: 'user' as const, content: 'call:get_weather' }];

  it.each(['whole', 'streamed'])('are called and answered: %s', async (how) => {
    const body = { model: 'tooled', messages: asking, max_tokens: 100, tools };
    const message = await (how === 'whole'
      ? client().messages.create(body)
      : client().messages.stream(body).finalMessage());
    expect(message.stop_reason).toBe('tool_use');
    const use = message.content.find((block) => block.type === 'tool_use');
    expect(use).toMatchObject({ name: 'get_weather', input: { city: 'Paris' } });
    const answered = await client().messages.create({
      ...body,
      messages: [
        ...asking,
        { role: 'assistant', content: message.content },
        { role: 'user', content: [{ type: 'tool_result', tool_use_id: use!.id, content: '21 degrees' }] },
      ],
    });
    expect(answered.content[0]?.type).toBe('text');
    const sent = JSON.parse(fake.requests.at(-1)!.body) as { messages: object[] };
    expect(sent.messages.at(-1)).toMatchObject({ role: 'tool', content: '21 degrees', tool_name: 'get_weather' });
  });
});

it('pictures reach the model', async () => {
  const source = { type: 'base64' as const, media_type: 'image/png' as const, data: 'iVBORw0KGgo=' };
  const content = [
    { type: 'image' as const, source },
    { type: 'text' as const, text: 'what is it?' },
  ];
  await client().messages.create({ model: 'seeing', max_tokens: 10, messages: [{ role: 'user', content }] });
  expect(fake.requests.at(-1)!.body).toContain('"images":["iVBORw0KGgo="]');
});

describe('thinking', () => {
  const thinking = { type: 'enabled' as const, budget_tokens: 1_024 };

  it('is told and signed, and taken back', async () => {
    const body = { model: 'thinker', messages, max_tokens: 2_000, thinking };
    const message = await client().messages.stream(body).finalMessage();
    expect(message.content).toMatchObject([
      {
        type: 'thinking',
        thinking: expect.stringMatching(/.+/) as string,
        signature: expect.stringMatching(/.+/) as string,
      },
      { type: 'text' },
    ]);
    expect(await client().messages.create(body)).toMatchObject({ content: message.content });
    const turns = [...messages, { role: 'assistant' as const, content: message.content }, ...messages];
    await client().messages.create({ ...body, messages: turns });
    expect(fake.requests.at(-1)!.body).toContain('"thinking":"Let me think."');
  });

  it.each([{ thinking }, { thinking: { type: 'adaptive' as const }, output_config: { effort: 'high' as const } }])(
    'is not asked of a model that cannot, whatever the client allows: %j',
    async (allowed) => {
      const message = await client().messages.create({ model, messages, max_tokens: 2_000, ...allowed });
      expect(message.content.map(({ type }) => type)).toEqual(['text']);
    },
  );

  it('is not done unasked: answers begin with their text', async () => {
    const message = await client().messages.create({ model: 'thinker', messages, max_tokens: 2_000 });
    expect(message.content.map(({ type }) => type)).toEqual(['text']);
  });

  it('has no levels where the model has none', async () => {
    const allowed = { thinking: { type: 'adaptive' as const }, output_config: { effort: 'high' as const } };
    const message = await client().messages.create({ model: 'thinker', messages, max_tokens: 2_000, ...allowed });
    expect(message.content.map(({ type }) => type)).toEqual(['thinking', 'text']);
  });
});

describe('counting tokens', () => {
  it('is near what a message takes, and says that it is an estimate', async () => {
    const counted = await client().messages.countTokens({ model, messages });
    expect(counted.input_tokens).toBeGreaterThan(0);
    expect(counted).toHaveProperty('estimated', true);
  });

  it('knows a model that is not there', async () => {
    await expect(client().messages.countTokens({ model: 'nope', messages })).rejects.toBeInstanceOf(NotFoundError);
  });
});

describe('names', () => {
  it('of other models stand for those of here', async () => {
    const { data: message, response } = await client()
      .messages.create({ model: 'claude-opus-9', messages, max_tokens: 50 })
      .withResponse();
    expect(message.model).toBe('claude-opus-9');
    expect(message.content).toMatchObject([{ text: 'You said hello there' }]);
    expect(response.headers.get('x-tutti-model')).toBe('llama:1b');
    expect(response.headers.get('x-tutti-fallback')).toBeNull();
  });

  it('are listed, claude-* first, as Anthropic lists models', async () => {
    const page = await client().models.list({ limit: 3 });
    expect(page.data.map(({ id }) => id)).toEqual(['claude-llama:1b', 'claude-tools', 'llama:1b']);
    expect(page.data[0]).toMatchObject({ type: 'model', display_name: 'claude-llama:1b' });
    expect(new Date(page.data[0]!.created_at).getTime()).not.toBeNaN();
    const all: string[] = [];
    for await (const { id } of client().models.list({ limit: 2 })) all.push(id);
    expect(all).toEqual([...new Set(all)]);
    expect(all).toEqual(expect.arrayContaining(['claude-tools', 'seeing:latest', 'tutti/debate']));
    expect((await client().models.retrieve('claude-tools')).id).toBe('claude-tools');
  });

  it('are listed to all the others as well, and answer in their words', async () => {
    const { models } = (await (await fetch(`${orchestrator.url}/api/tags`)).json()) as { models: { name: string }[] };
    expect(models.map(({ name }) => name)).toContain('claude-tools');
    const { data } = (await (await fetch(`${orchestrator.url}/v1/models`)).json()) as { data: object[] };
    expect(data).toContainEqual(
      expect.objectContaining({ id: 'claude-tools', tutti: expect.objectContaining({ kind: 'alias' }) as object }),
    );
    const response = await fetch(`${orchestrator.url}/api/chat`, {
      method: 'POST',
      body: JSON.stringify({ model: 'claude-tools', messages, stream: false }),
    });
    expect(await response.json()).toMatchObject({
      model: 'claude-tools',
      message: { content: 'You said hello there' },
    });
    expect(response.headers.get('x-tutti-model')).toBe('tooled');
    const show = (name: string) =>
      fetch(`${orchestrator.url}/api/show`, { method: 'POST', body: JSON.stringify({ model: name }) });
    expect(await (await show('claude-tools')).json()).toEqual(await (await show('tooled')).json());
  });
});

describe('errors', () => {
  it('are of the right class and shape', async () => {
    const unknown = client().messages.create({ model: 'nope', messages, max_tokens: 5 });
    await expect(unknown).rejects.toBeInstanceOf(NotFoundError);
    await expect(unknown).rejects.toMatchObject({
      status: 404,
      type: 'not_found_error',
      error: { type: 'error', error: { type: 'not_found_error' }, request_id: expect.stringMatching(/.+/) as string },
      requestID: expect.stringMatching(/.+/) as string,
    });
    const wrong = client().messages.create({ model, messages, max_tokens: 0 });
    await expect(wrong).rejects.toBeInstanceOf(BadRequestError);
    await expect(wrong).rejects.toMatchObject({ type: 'invalid_request_error', apiMessage: /max_tokens/ });
  });

  it('of a busy model server are to be met by waiting', async () => {
    const heal = fake.fail('busy', { times: Infinity });
    const busy = client().messages.create({ model, messages, max_tokens: 5 });
    await expect(busy).rejects.toBeInstanceOf(OverloadedError);
    await expect(busy).rejects.toMatchObject({ status: 529, type: 'overloaded_error' });
    heal();
  });

  it('in the middle of an answer are thrown', async () => {
    const heal = fake.fail('errorLine', { times: Infinity });
    const stream = client().messages.stream({ model, messages, max_tokens: 50 });
    await expect(stream.finalMessage()).rejects.toMatchObject({ type: 'api_error' });
    heal();
  });

  it('of a key are told to whoever shows a wrong one, by either header', async () => {
    const { orchestrator: exposed, adminKey } = await startExposedCluster();
    const ask = (auth: object) =>
      new Anthropic({ baseURL: exposed.url, apiKey: null, maxRetries: 0, ...auth }).messages.create({
        model,
        messages,
        max_tokens: 5,
      });
    await expect(ask({ apiKey: 'wrong' })).rejects.toBeInstanceOf(AuthenticationError);
    await expect(ask({ authToken: 'wrong' })).rejects.toMatchObject({ type: 'authentication_error' });
    for (const auth of [{ apiKey: adminKey }, { authToken: adminKey }]) {
      await expect(ask(auth)).rejects.not.toBeInstanceOf(AuthenticationError);
    }
  });

  it.each([
    ['GET', '/v1/messages', 405, 'invalid_request_error'],
    ['POST', '/v1/messages/nothing', 404, 'not_found_error'],
    ['POST', '/v1/messages/nothing?beta=true', 404, 'not_found_error'],
  ])('%s %s is %i in the same shape', async (method, path, status, type) => {
    const response = await fetch(orchestrator.url + path, { method });
    expect(response.status).toBe(status);
    const id = response.headers.get('request-id');
    expect(await response.json()).toEqual({
      type: 'error',
      error: { type, message: expect.any(String) as string },
      request_id: id,
    });
  });
});

it('a stream that is left stops the backend', async () => {
  const slow = await startFakeOllama({ models: ['slow:1b'], tokenDelayMs: 50, answer: () => 'word '.repeat(500) });
  await startAgent({ name: 'two', orchestrators: [orchestrator], ollamaUrl: slow.url });
  await nodesReady(orchestrator, 2);
  const stream = client().messages.stream({ model: 'slow:1b', messages, max_tokens: 400 });
  const texts = new Promise((resolve) => stream.once('text', resolve));
  const ended = stream.done().catch(() => {});
  await texts;
  stream.abort();
  await slow.whenAborted();
  await ended;
  await eventually(() => slow.live === 0 || undefined, 'no call at the backend');
  await slow.close();
});
