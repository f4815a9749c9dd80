import { describe, expect, it } from 'vitest';
import { virtualClock } from '../virtual-clock.ts';
import { chatModel, fakesForTests, lines, post, user } from './requests.fixture.ts';

const start = fakesForTests();

describe('to the byte', () => {
  it('streams chat lines', async () => {
    const fake = await start({ clock: virtualClock(), answer: () => 'Hi <b>' });
    const response = await post(fake, '/api/chat', { model: 'SmolLM2:135m', messages: user('x') });
    expect(response.headers.get('content-type')).toBe('application/x-ndjson');
    expect(await response.text()).toBe(
      [
        '{"model":"SmolLM2:135m","created_at":"2026-01-01T00:00:00.000100011Z","message":{"role":"assistant","content":"Hi"},"done":false}',
        '{"model":"SmolLM2:135m","created_at":"2026-01-01T00:00:00.000100021Z","message":{"role":"assistant","content":" \\u003cb\\u003e"},"done":false}',
        '{"model":"SmolLM2:135m","created_at":"2026-01-01T00:00:00.000100031Z","message":{"role":"assistant","content":""},"done":true,"done_reason":"stop",' +
          '"total_duration":1,"load_duration":1,"prompt_eval_count":9,"prompt_eval_duration":1,"eval_count":2,"eval_duration":1}',
        '',
      ].join('\n'),
    );
  });

  it('answers generate as a whole', async () => {
    const fake = await start({ clock: virtualClock(), answer: () => 'Hi' });
    const response = await post(fake, '/api/generate', { model: chatModel, prompt: 'x', stream: false });
    expect(response.headers.get('content-type')).toBe('application/json; charset=utf-8');
    expect(await response.text()).toBe(
      '{"model":"smollm2:135m","created_at":"2026-01-01T00:00:00.000100011Z","response":"Hi","done":true,"done_reason":"stop",' +
        '"context":[1,2,3,4,5,6,7,8,9,10],"total_duration":1,"load_duration":1,"prompt_eval_count":9,"prompt_eval_duration":1,"eval_count":1}',
    );
  });

  it('loads and unloads', async () => {
    const fake = await start({ clock: virtualClock() });
    const load = await post(fake, '/api/chat', { model: chatModel });
    expect(await load.text()).toMatch(
      /"message":\{"role":"assistant","content":""\},"done":true,"done_reason":"load"\}$/,
    );
    expect(fake.runners).toMatchObject([{ model: chatModel, numCtx: 4096 }]);
    const unload = await post(fake, '/api/generate', { model: chatModel, keep_alive: 0 });
    expect(await unload.text()).toMatch(/"response":"","done":true,"done_reason":"unload"\}$/);
    expect(fake.runners).toEqual([]);
  });

  it.each([
    ['GET', '/', 200, 'text/plain; charset=utf-8', 'Ollama is running'],
    ['HEAD', '/', 200, 'text/plain; charset=utf-8', ''],
    ['GET', '/api/version', 200, 'application/json; charset=utf-8', '{"version":"0.17.4"}'],
    ['GET', '/api/ps', 200, 'application/json; charset=utf-8', '{"models":[]}'],
    ['GET', '/nope', 404, 'text/plain', '404 page not found'],
    ['PUT', '/api/tags', 405, 'text/plain', '405 method not allowed'],
    ['POST', '/api/chat', 400, 'application/json; charset=utf-8', '{"error":"missing request body"}'],
  ])('%s %s', async (method, path, status, type, body) => {
    const fake = await start();
    const response = await fetch(`${fake.url}${path}`, { method });
    expect([response.status, response.headers.get('content-type'), await response.text()]).toEqual([
      status,
      type,
      body,
    ]);
    expect(response.headers.get('allow')).toBe(status === 405 ? 'HEAD, GET' : null);
  });

  it.each([
    ['/api/chat', { model: 'nope', messages: user('x') }, 404, "model 'nope' not found"],
    ['/api/embed', { model: 'nope', input: 'x' }, 404, 'model "nope" not found, try pulling it first'],
    ['/api/chat', { messages: user('x') }, 400, 'model is required'],
    ['/api/chat', { model: chatModel, top_logprobs: 21 }, 400, 'top_logprobs must be between 0 and 20'],
    ['/api/chat', { model: 'all-minilm', messages: user('x') }, 400, '"all-minilm" does not support chat'],
    [
      '/api/chat',
      { model: chatModel, messages: user('x'), tools: [{}] },
      400,
      'registry.ollama.ai/library/smollm2:135m does not support tools',
    ],
    [
      '/api/chat',
      { model: chatModel, messages: user('x'), think: true },
      400,
      '"smollm2:135m" does not support thinking',
    ],
    [
      '/api/chat',
      { model: chatModel, messages: user('x y z'), truncate: false, options: { num_ctx: 8 } },
      400,
      'the input length exceeds the context length',
    ],
    [
      '/api/generate',
      { model: chatModel, prompt: 'x', raw: true, system: 's' },
      400,
      'raw mode does not support template, system, or context',
    ],
    [
      '/api/chat',
      { model: 3 },
      400,
      'json: cannot unmarshal number into Go struct field ChatRequest.model of type string',
    ],
    ['/api/chat', { model: chatModel, keep_alive: '5' }, 400, 'time: missing unit in duration "5"'],
    ['/api/chat', { model: chatModel, options: { num_ctx: '8k' } }, 500, 'option "num_ctx" must be of type integer'],
  ])('%s refuses %j', async (path, body, status, error) => {
    const fake = await start();
    const response = await post(fake, path, body);
    expect([response.status, await response.json()]).toEqual([status, { error }]);
  });
});

describe('what it says', () => {
  it('stops at num_predict and at stop sequences', async () => {
    const fake = await start({ answer: () => 'one two three four' });
    const ask = async (options: object): Promise<unknown> => {
      const response = await post(fake, '/api/generate', { model: chatModel, prompt: 'x', stream: false, options });
      const {
        response: text,
        done_reason: reason,
        eval_count: count,
      } = (await response.json()) as Record<string, unknown>;
      return [text, reason, count];
    };
    expect(await ask({ num_predict: 2 })).toEqual(['one two', 'length', 2]);
    expect(await ask({ stop: ['thr'] })).toEqual(['one two ', 'stop', 3]);
    expect(await ask({})).toEqual(['one two three four', 'stop', 4]);
  });

  it('answers a schema with an instance of it', async () => {
    const fake = await start();
    const format = {
      type: 'object',
      properties: { city: { enum: ['Paris'] }, n: { type: 'integer' } },
      required: ['city', 'n'],
    };
    const response = await post(fake, '/api/chat', { model: chatModel, messages: user('x'), format });
    const pieces = (await lines(response)).map((line) => (line as { message: { content: string } }).message.content);
    expect(pieces.join('')).toBe('{"city":"Paris","n":0}');
    expect(pieces.length).toBeGreaterThan(5);
    const plain = await post(fake, '/api/generate', { model: chatModel, prompt: 'x', format: 'json', stream: false });
    expect(await plain.json()).toMatchObject({ response: '{}' });
  });

  it('calls the tool that the prompt names', async () => {
    const fake = await start({ models: [{ name: 'tools', capabilities: ['completion', 'tools'] }] });
    const tools = [{ type: 'function', function: { name: 'get_weather' } }];
    const response = await post(fake, '/api/chat', {
      model: 'tools',
      messages: user('please call:get_weather now'),
      tools,
    });
    const [call, last] = await lines(response);
    expect(call).toMatchObject({
      message: {
        content: '',
        tool_calls: [{ function: { index: 0, name: 'get_weather', arguments: { city: 'Paris' } } }],
      },
      done: false,
    });
    expect(last).toMatchObject({ done: true, done_reason: 'stop' });
  });

  it('thinks first, unless told not to', async () => {
    const fake = await start({
      models: [{ name: 'thinker', capabilities: ['completion', 'thinking'] }],
      answer: () => 'Yes.',
    });
    const ask = async (think: boolean): Promise<unknown> => {
      const response = await post(fake, '/api/chat', { model: 'thinker', messages: user('x'), think, stream: false });
      return ((await response.json()) as { message: unknown }).message;
    };
    expect(await ask(true)).toEqual({ role: 'assistant', content: 'Yes.', thinking: 'Let me think.' });
    expect(await ask(false)).toEqual({ role: 'assistant', content: 'Yes.' });
  });

  it('gives logprobs for each token', async () => {
    const fake = await start({ answer: () => 'Hé' });
    const response = await post(fake, '/api/chat', {
      model: chatModel,
      messages: user('x'),
      logprobs: true,
      top_logprobs: 2,
    });
    const [first, last] = (await lines(response)) as {
      logprobs?: { token: string; bytes: number[]; top_logprobs: unknown[] }[];
    }[];
    expect(first?.logprobs).toMatchObject([{ token: 'Hé', bytes: [72, 195, 169] }]);
    expect(first?.logprobs?.[0]?.top_logprobs).toHaveLength(2);
    expect(last?.logprobs).toBeUndefined();
  });
});
