import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { startFakeOllama, type FakeOllama } from '@tutti/testing';
import OpenAI, {
  APIError,
  BadRequestError,
  InternalServerError,
  NotFoundError,
  PermissionDeniedError,
  RateLimitError,
} from 'openai';
import type { ChatCompletionChunk, ChatCompletionCreateParamsNonStreaming } from 'openai/resources';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually, nodesReady, startAgent, startOrchestrator, stopAll, type Orchestrator } from './processes.ts';

let orchestrator: Orchestrator;
let fake: FakeOllama;
let pictures: Server;
let openai: OpenAI;

/** The smallest picture there is. */
const pixel = Buffer.from('R0lGODlhAQABAAAAACH5BAEKAAEALAAAAAABAAEAAAICTAEAOw==', 'base64');

beforeAll(async () => {
  fake = await startFakeOllama({
    models: [
      'llama:1b',
      'hf.co/a/b:Q4_K_M',
      { name: 'long:1b', contextLength: 65_536 },
      { name: 'embedder:latest', capabilities: ['embedding'], embeddingLength: 8 },
      { name: 'tooled:latest', capabilities: ['completion', 'tools'] },
      { name: 'seeing:latest', capabilities: ['completion', 'vision'] },
      { name: 'filling:latest', capabilities: ['completion', 'insert'] },
    ],
    answer: (prompt) => `You said ${prompt}`,
    parallel: 2,
  });
  pictures = createServer(({ url }, response) => {
    if (url === '/away') response.writeHead(302, { location: '/cat.gif' }).end();
    else if (url === '/text') response.writeHead(200, { 'content-type': 'text/html' }).end('<p>');
    else response.writeHead(200, { 'content-type': 'image/gif' }).end(pixel);
  });
  await new Promise<void>((listening) => pictures.listen(0, '127.0.0.1', listening));
  orchestrator = await startOrchestrator(['--fetch-images', 'any']);
  await startAgent({ name: 'one', orchestrators: [orchestrator], ollamaUrl: fake.url });
  await nodesReady(orchestrator, 1);
  openai = new OpenAI({ baseURL: `${orchestrator.url}/v1`, apiKey: 'any', maxRetries: 0 });
});

afterAll(async () => {
  await stopAll();
  await fake.close();
  pictures.close();
});

const messages = [{ role: 'user' as const, content: 'hello there' }];
const said = 'You said hello there';
const question = { model: 'llama:1b', messages };

const chat = (changes: object = {}) =>
  openai.chat.completions.create({ ...question, ...changes } as ChatCompletionCreateParamsNonStreaming);

async function streamed(changes: object = {}): Promise<ChatCompletionChunk[]> {
  const chunks: ChatCompletionChunk[] = [];
  for await (const chunk of await openai.chat.completions.create({ ...question, ...changes, stream: true }))
    chunks.push(chunk);
  return chunks;
}

/** The last request that the backend got, as it was sent. */
const received = (path = '/api/chat'): Record<string, unknown> =>
  JSON.parse(fake.requests.findLast((request) => request.path === path)!.body) as Record<string, unknown>;

const textOf = (chunks: readonly ChatCompletionChunk[], index = 0): string =>
  chunks
    .flatMap(({ choices }) => choices)
    .filter((choice) => choice.index === index)
    .map(({ delta }) => delta.content ?? '')
    .join('');

describe('embeddings', () => {
  it('are the same as numbers and as base64, which the client asks for by itself', async () => {
    const input = ['a blue sky', 'grass'];
    const decoded = await openai.embeddings.create({ model: 'embedder', input });
    const numbers = await openai.embeddings.create({ model: 'embedder', input, encoding_format: 'float' });
    expect(numbers.data.map(({ embedding }) => embedding.length)).toEqual([8, 8]);
    expect(decoded.data.map(({ embedding }) => [...embedding])).toEqual(
      numbers.data.map(({ embedding }) => embedding.map(Math.fround)),
    );
    expect(numbers).toMatchObject({ object: 'list', model: 'embedder', data: [{ index: 0 }, { index: 1 }] });
    expect(numbers.usage.prompt_tokens).toBeGreaterThan(0);
    expect(received('/api/embed')).toMatchObject({ input, truncate: false });
  });

  it('can be shorter, of one text, and of no tokens', async () => {
    const { data } = await openai.embeddings.create({ model: 'embedder', input: 'x', dimensions: 3 });
    expect(data[0]?.embedding).toHaveLength(3);
    await expect(openai.embeddings.create({ model: 'embedder', input: [1, 2] })).rejects.toMatchObject({
      status: 400,
      param: 'input',
      message: expect.stringContaining('send the texts'),
    });
  });
});

describe('legacy completions', () => {
  const ask = { model: 'llama:1b', prompt: 'hi' };

  it('answer, and stream', async () => {
    const whole = await openai.completions.create(ask);
    expect(whole).toMatchObject({
      object: 'text_completion',
      choices: [{ text: 'You said hi', index: 0, finish_reason: 'stop', logprobs: null }],
    });
    const chunks = [];
    const options = { stream: true, stream_options: { include_usage: true } } as const;
    for await (const chunk of await openai.completions.create({ ...ask, ...options })) chunks.push(chunk);
    expect(chunks.map(({ choices }) => choices[0]?.text ?? '').join('')).toBe('You said hi');
    expect(chunks.at(-1)).toMatchObject({ choices: [], usage: whole.usage });
  });

  it('answer several prompts, each n times, with what was asked before it', async () => {
    const { choices } = await openai.completions.create({ ...ask, prompt: ['one', 'two'], n: 2, echo: true });
    expect(choices.map(({ index, text }) => [index, text])).toEqual([
      [0, 'oneYou said one'],
      [1, 'oneYou said one'],
      [2, 'twoYou said two'],
      [3, 'twoYou said two'],
    ]);
  });

  it('fill in the middle, stop, and tell how likely each token was', async () => {
    await openai.completions.create({ model: 'filling', prompt: 'def f(', suffix: 'return 1' });
    expect(received('/api/generate')).toMatchObject({ prompt: 'def f(', suffix: 'return 1' });
    const { choices } = await openai.completions.create({ ...ask, logprobs: 2, stop: ' hi' });
    expect(choices[0]).toMatchObject({ text: 'You said', finish_reason: 'stop' });
    expect(choices[0]?.logprobs).toMatchObject({ tokens: ['You', ' said'], text_offset: [0, 3] });
    const [first] = choices[0]?.logprobs?.top_logprobs ?? [];
    expect(Object.keys(first ?? {})).toHaveLength(2);
  });

  it('refuse what they cannot do, by name', async () => {
    await expect(openai.completions.create({ ...ask, best_of: 3 })).rejects.toMatchObject({ param: 'best_of' });
    await expect(openai.completions.create({ ...ask, prompt: [1, 2] })).rejects.toMatchObject({ param: 'prompt' });
    await expect(openai.completions.create({ ...ask, logprobs: 6 })).rejects.toMatchObject({ param: 'logprobs' });
  });
});

describe('several answers', () => {
  it('come as choices, with all tokens in one usage', async () => {
    const one = await chat();
    const three = await chat({ n: 3, seed: 7 });
    expect(three.choices.map(({ index, message }) => [index, message.content])).toEqual([
      [0, said],
      [1, said],
      [2, said],
    ]);
    expect(three.usage).toMatchObject({
      prompt_tokens: 3 * one.usage!.prompt_tokens,
      completion_tokens: 3 * one.usage!.completion_tokens,
    });
    const seeds = fake.requests
      .slice(-3)
      .map(({ body }) => (JSON.parse(body) as { options: { seed: number } }).options.seed);
    expect(seeds.toSorted((a, b) => a - b)).toEqual([7, 8, 9]);
  });

  it('come mixed in one stream, each with its number, its role and its end', async () => {
    const chunks = await streamed({ n: 2, stream_options: { include_usage: true } });
    expect([textOf(chunks, 0), textOf(chunks, 1)]).toEqual([said, said]);
    const choices = chunks.flatMap((chunk) => chunk.choices);
    expect(choices.filter(({ delta }) => delta.role).map(({ index }) => index)).toEqual([0, 1]);
    expect(choices.filter((choice) => choice.finish_reason).map(({ index }) => index)).toEqual([0, 1]);
    expect(chunks.at(-1)?.usage?.completion_tokens).toBeGreaterThan(0);
    expect(chunks.slice(0, -1).every(({ usage }) => usage === null)).toBe(true);
  });

  it('all end when the client leaves', async () => {
    await chat();
    const before = fake.aborted;
    fake.fail('hangMidStream', { path: '/api/chat' });
    const stream = await openai.chat.completions.create({ ...question, n: 2, stream: true });
    // One runs and hangs; the other runs beside it, or waits for its slot.
    for await (const { choices } of stream) if (choices[0]?.delta.content) break;
    await eventually(() => fake.live === 0 || undefined, 'both calls at their end');
    expect(fake.aborted).toBeGreaterThan(before);
    expect((await chat()).choices[0]?.message.content).toBe(said);
  });

  it('are at most 16', async () => {
    await expect(chat({ n: 17 })).rejects.toMatchObject({
      status: 400,
      param: 'n',
      message: expect.stringContaining('1 to 16'),
    });
  });
});

describe('tools', () => {
  const tool = (name: string, properties: object = {}) => ({
    type: 'function' as const,
    function: { name, parameters: { type: 'object', properties, required: Object.keys(properties) } },
  });
  const tools = [tool('get_time'), tool('get_weather', { city: { enum: ['Oslo'] } })];

  it('that must be called are called, by any model, whole and as a stream', async () => {
    const changes = { tools, tool_choice: { type: 'function', function: { name: 'get_weather' } } };
    const answer = await chat(changes);
    expect(answer.choices[0]).toMatchObject({ finish_reason: 'tool_calls', message: { content: null } });
    expect(answer.choices[0]?.message.tool_calls).toEqual([
      {
        id: expect.stringMatching(/^call_/),
        type: 'function',
        function: { name: 'get_weather', arguments: '{"city":"Oslo"}' },
      },
    ]);
    expect(received()).not.toHaveProperty('tools');
    const chunks = await streamed(changes);
    expect(chunks.at(-1)?.choices[0]?.finish_reason).toBe('tool_calls');
    expect(chunks.flatMap(({ choices }) => choices[0]?.delta.tool_calls ?? [])).toMatchObject([
      { index: 0, function: { name: 'get_weather', arguments: '{"city":"Oslo"}' } },
    ]);
  });

  it.each([
    ['required', 'get_time'],
    [
      {
        type: 'allowed_tools',
        allowed_tools: { mode: 'required', tools: [{ type: 'function', function: { name: 'get_weather' } }] },
      },
      'get_weather',
    ],
  ])('with %j: %s', async (choice, name) => {
    const { choices } = await chat({ tools, tool_choice: choice });
    expect(choices[0]?.message.tool_calls).toMatchObject([{ function: { name } }]);
  });

  it('that may not be called are not sent; of some that may, only those', async () => {
    expect((await chat({ tools, tool_choice: 'none' })).choices[0]?.message.content).toBe(said);
    expect(received()).not.toHaveProperty('tools');
    const allowed = { mode: 'auto', tools: [{ type: 'function', function: { name: 'get_time' } }] };
    await chat({ model: 'tooled', tools, tool_choice: { type: 'allowed_tools', allowed_tools: allowed } });
    expect(received()).toMatchObject({ tools: [{ function: { name: 'get_time' } }] });
  });

  it('that are to be called one by one are', async () => {
    const content = 'call:get_time';
    const asked = { model: 'tooled', tools, messages: [{ role: 'user', content }], parallel_tool_calls: false };
    expect((await chat(asked)).choices[0]?.message.tool_calls).toHaveLength(1);
  });

  it('are known by their older name too', async () => {
    const functions = [{ name: 'get_time', parameters: { type: 'object', properties: {} } }];
    const answer = await chat({ functions, function_call: { name: 'get_time' } });
    expect(answer.choices[0]).toMatchObject({
      finish_reason: 'function_call',
      message: { function_call: { name: 'get_time', arguments: '{}' } },
    });
    const history = [
      ...messages,
      { role: 'assistant', content: null, function_call: { name: 'get_time', arguments: '{}' } },
      { role: 'function', name: 'get_time', content: 'noon' },
    ];
    await chat({ messages: history });
    expect(received()).toMatchObject({
      messages: [{}, { tool_calls: [{ function: { name: 'get_time' } }] }, { role: 'tool', tool_name: 'get_time' }],
    });
  });
});

describe('what a request asks of its answer', () => {
  it('a shape', async () => {
    const schema = { type: 'object', properties: { n: { type: 'integer' } }, required: ['n'] };
    const { choices } = await chat({
      response_format: { type: 'json_schema', json_schema: { name: 'count', strict: true, schema } },
    });
    expect(choices[0]?.message.content).toBe('{"n":0}');
    expect((await chat({ response_format: { type: 'json_object' } })).choices[0]?.message.content).toBe('{}');
  });

  it('log probabilities, an end, a seed and a limit', async () => {
    const answer = await chat({ logprobs: true, top_logprobs: 2, stop: [' there', '2', '3', '4', '5'], seed: 5 });
    expect(answer.choices[0]?.message.content).toBe('You said hello');
    expect(answer.choices[0]?.logprobs?.content?.[0]).toMatchObject({ token: 'You', top_logprobs: [{}, {}] });
    expect(received()).toMatchObject({ options: { seed: 5 }, logprobs: true, top_logprobs: 2 });
    const short = await chat({ max_completion_tokens: 2 });
    expect(short.choices[0]).toMatchObject({ finish_reason: 'length', message: { content: 'You said' } });
  });

  it('what OpenAI does not know and Ollama does, as fields and in the name of the model', async () => {
    await chat({ num_ctx: 8_192, keep_alive: '1h', think: false, options: { top_k: 5 } });
    expect(received()).toMatchObject({ think: false, options: { num_ctx: 8_192, top_k: 5 } });
    await chat({ extra_body: { num_ctx: 8_193, options: { top_k: 6 } } });
    expect(received()).toMatchObject({ options: { num_ctx: expect.any(Number), top_k: 6 } });
    const answer = await chat({ model: 'long:1b@ctx=32k' });
    expect(answer.model).toBe('long:1b');
    expect(received()).toMatchObject({ model: 'long:1b', options: { num_ctx: 32_768 } });
    await expect(chat({ model: 'llama:1b@ctx=lots' })).rejects.toMatchObject({ status: 400, param: 'model' });
  });

  it('its tokens, equal to the counts of the backend', async () => {
    const whole = await chat();
    const last = (await streamed({ stream_options: { include_usage: true } })).at(-1);
    expect(last).toMatchObject({ choices: [], usage: whole.usage });
    expect((await streamed()).every(({ usage }) => usage === undefined)).toBe(true);
  });

  it('a service tier, which the answer tells', async () => {
    expect((await chat({ service_tier: 'flex' })).service_tier).toBe('flex');
    expect((await chat({ service_tier: 'auto' })).service_tier).toBe('default');
    expect((await streamed({ service_tier: 'priority' })).map((chunk) => chunk.service_tier)).toContain('priority');
    expect(await chat()).not.toHaveProperty('service_tier');
  });

  it('things that change no answer', async () => {
    const changes = { user: 'u', metadata: { a: 'b' }, store: false, prediction: { type: 'content', content: 'x' } };
    expect((await chat({ ...changes, logit_bias: {}, modalities: ['text'] })).choices[0]?.message.content).toBe(said);
  });

  it.each([
    ['logit_bias', { 50_256: -100 }],
    ['modalities', ['audio']],
    ['audio', { voice: 'x', format: 'wav' }],
    ['web_search_options', {}],
    ['store', true],
    ['verbosity', 'low'],
    ['service_tier', 'scale'],
  ])('but not %s = %j', async (param, value) => {
    await expect(chat({ [param]: value })).rejects.toMatchObject({ status: 400, param });
  });
});

describe('images', () => {
  const look = (url: string) => {
    const content = [
      { type: 'text', text: 'look' },
      { type: 'image_url', image_url: { url } },
    ];
    return chat({ model: 'seeing', messages: [{ role: 'user', content }] });
  };
  const at = (path: string): string => `http://127.0.0.1:${(pictures.address() as AddressInfo).port}${path}`;

  it.each([
    ['as data', () => `data:image/gif;base64,${pixel.toString('base64')}`],
    ['by URL', () => at('/cat.gif')],
    ['by a URL that leads on', () => at('/away')],
  ])('are sent %s', async (_, url) => {
    await look(url());
    expect(received()).toMatchObject({ messages: [{ images: [pixel.toString('base64')] }] });
  });

  it('that are none are refused', async () => {
    await expect(look(at('/text'))).rejects.toMatchObject({
      status: 400,
      param: 'messages[0].content[1]',
      message: expect.stringContaining('sends text/html, which is no image'),
    });
  });
});

describe('models', () => {
  it('are found by names with slashes and colons', async () => {
    const listed = await openai.models.list();
    expect(listed.data.map(({ id }) => id)).toContain('hf.co/a/b:Q4_K_M');
    expect(await openai.models.retrieve('hf.co/a/b:Q4_K_M')).toMatchObject({ id: 'hf.co/a/b:Q4_K_M', object: 'model' });
    await expect(openai.models.retrieve('no/such:model')).rejects.toBeInstanceOf(NotFoundError);
  });
});

describe('errors have the types of the client', () => {
  it('NotFoundError, BadRequestError', async () => {
    await expect(chat({ model: 'nope' })).rejects.toBeInstanceOf(NotFoundError);
    await expect(streamed({ model: 'nope' })).rejects.toMatchObject({ code: 'model_not_found', param: 'model' });
    await expect(chat({ messages: [] })).rejects.toBeInstanceOf(BadRequestError);
  });

  it('PermissionDeniedError and RateLimitError, for what a key may not', async () => {
    const { url, facts } = await startOrchestrator(['--host', '0.0.0.0']);
    const made = await fetch(`${url}/api/keys`, {
      method: 'POST',
      headers: { authorization: `Bearer ${facts.firstAdminKey}` },
      body: JSON.stringify({ name: 'one a minute', requestsPerMinute: 1, classes: ['default'] }),
    });
    const { secret } = (await made.json()) as { secret: string };
    const limited = new OpenAI({ baseURL: `${url}/v1`, apiKey: secret, maxRetries: 0 });
    const urgent = limited.chat.completions.create({ ...question, service_tier: 'priority' });
    await expect(urgent).rejects.toBeInstanceOf(PermissionDeniedError);
    await expect(urgent).rejects.toMatchObject({ param: 'service_tier' });
    await expect(limited.chat.completions.create(question)).rejects.not.toBeInstanceOf(RateLimitError);
    const refused = await limited.chat.completions.create(question).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(RateLimitError);
    expect(refused).toMatchObject({ code: 'rate_limit_exceeded', type: 'rate_limit_error' });
    expect(Number((refused as RateLimitError).headers?.get('retry-after'))).toBeGreaterThan(0);
  });

  it('APIError, for one that comes in the middle of a stream, also of several answers', async () => {
    await chat();
    fake.fail('errorLine', { afterTokens: 2, path: '/api/chat' });
    await expect(streamed()).rejects.toBeInstanceOf(APIError);
    fake.fail('errorLine', { afterTokens: 2, path: '/api/chat' });
    await expect(streamed({ n: 3 })).rejects.toBeInstanceOf(APIError);
  });

  it.each([
    ['speech', () => openai.audio.speech.create({ model: 'tts-1', voice: 'alloy', input: 'hi' })],
    ['images', () => openai.images.generate({ prompt: 'a cat' })],
    [
      'transcriptions',
      () =>
        openai.audio.transcriptions.create({
          model: 'whisper-1',
          file: new File([new Uint8Array(3_000_000)], 'a.wav'),
        }),
    ],
  ])('%s are not built in, and say so', async (_, call) => {
    const refused = await Promise.resolve(call()).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(InternalServerError);
    expect(refused).toMatchObject({
      status: 501,
      code: 'unsupported',
      message: expect.stringContaining('not built in yet'),
    });
  });
});
