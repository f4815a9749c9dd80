import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { Ollama } from 'ollama';
import { describe, expect, it } from 'vitest';
import { virtualClock } from '../virtual-clock.ts';
import { startFakeOllama } from './fake-ollama.ts';
import { chatModel, fakesForTests, lines, post, user } from './requests.fixture.ts';

const start = fakesForTests();

describe('with the official client', () => {
  it('lists, shows and says what is loaded', async () => {
    const fake = await start();
    const client = new Ollama({ host: fake.url });
    const { models } = await client.list();
    expect(models.map(({ name }) => name)).toEqual(['smollm2:135m', 'all-minilm:latest']);
    const shown = await client.show({ model: 'smollm2:135m' });
    expect(shown.capabilities).toEqual(['completion']);
    expect(shown.parameters).toBe('num_thread                     1');
    expect((await client.ps()).models).toEqual([]);
    await client.chat({ model: 'smollm2:135m', messages: [] });
    expect((await client.ps()).models.map(({ name }) => name)).toEqual(['smollm2:135m']);
  });

  it('chats and generates, plain and streamed', async () => {
    const fake = await start({ tokens: 5 });
    const client = new Ollama({ host: fake.url });
    const messages = [{ role: 'user', content: 'red green blue' }];
    const expected = 'red green blue red green';
    expect((await client.chat({ model: chatModel, messages })).message.content).toBe(expected);
    expect((await client.generate({ model: chatModel, prompt: 'red green blue' })).response).toBe(expected);
    const pieces = [];
    for await (const part of await client.chat({ model: chatModel, messages, stream: true })) pieces.push(part);
    expect(pieces.map(({ message }) => message.content)).toEqual(['red', ' green', ' blue', ' red', ' green', '']);
    expect(pieces.at(-1)).toMatchObject({ done: true, done_reason: 'stop', prompt_eval_count: 11, eval_count: 5 });
    let text = '';
    for await (const part of await client.generate({ model: chatModel, prompt: 'a b', stream: true }))
      text += part.response;
    expect(text).toBe('a b a b a');
  });

  it('embeds: unit vectors that depend on the text alone', async () => {
    const fake = await start();
    const client = new Ollama({ host: fake.url });
    const { embeddings } = await client.embed({ model: 'all-minilm', input: ['a', 'b', 'a'] });
    expect(embeddings.map((vector) => vector.length)).toEqual([384, 384, 384]);
    expect(embeddings[0]).toEqual(embeddings[2]);
    expect(embeddings[0]).not.toEqual(embeddings[1]);
    expect(Math.hypot(...(embeddings[0] ?? []))).toBeCloseTo(1, 6);
    const cut = await client.embed({ model: 'all-minilm', input: 'a', dimensions: 8 });
    expect(cut.embeddings[0]).toHaveLength(8);
    expect(Math.hypot(...(cut.embeddings[0] ?? []))).toBeCloseTo(1, 6);
  });

  it('notices a client that leaves, and is free again', async () => {
    const fake = await start({ tokens: Infinity });
    const client = new Ollama({ host: fake.url });
    const stream = await client.chat({ model: chatModel, messages: [{ role: 'user', content: 'x' }], stream: true });
    for await (const part of stream) {
      expect(part.message.content).not.toBe('');
      break;
    }
    stream.abort();
    await fake.whenAborted();
    await fake.whenIdle();
    expect([fake.live, fake.aborted]).toEqual([0, 1]);
  });
});

describe('in time', () => {
  it('loads, reads the prompt and speaks at the pace that it is given', async () => {
    const clock = virtualClock();
    const fake = await start({ clock, loadMs: 1000, firstTokenDelayMs: 500, tokenDelayMs: 100, answer: () => 'a b c' });
    const answered = post(fake, '/api/chat', { model: chatModel, messages: user('x') });
    await fake.whenRequest('/api/chat');
    await clock.advance(1499);
    expect(clock.pending).toBe(1);
    await clock.advance(1);
    const reader = (await answered).body?.pipeThrough(new TextDecoderStream()).getReader();
    expect((await reader?.read())?.value).toContain('"content":"a"');
    await clock.advance(200);
    let rest = '';
    for (let next = await reader?.read(); next?.value !== undefined; next = await reader?.read()) rest += next.value;
    expect(rest).toContain(
      '"total_duration":1700000000,"load_duration":1000000000,"prompt_eval_count":9,"prompt_eval_duration":500000000,"eval_count":3,"eval_duration":200000000}',
    );
  });

  it('lets further requests wait for the slot, and gives it on when a client leaves', async () => {
    const clock = virtualClock();
    const fake = await start({ clock, tokenDelayMs: 1000 });
    const leaving = new AbortController();
    const body = { model: chatModel, messages: user('x y z') };
    const first = post(fake, '/api/chat', body, leaving.signal)
      .then((response) => response.text())
      .catch(() => 'left');
    await fake.whenRequest('/api/chat', 1);
    const second = post(fake, '/api/generate', { model: chatModel, prompt: 'x', options: { num_predict: 1 } });
    await fake.whenRequest('/api/generate');
    await (await fetch(fake.url)).text();
    expect(fake.live).toBe(2);
    leaving.abort();
    expect(await first).toBe('left');
    await fake.whenAborted();
    expect(await lines(await second)).toHaveLength(2);
    await fake.whenIdle();
  });

  it('loads anew when num_ctx changes', async () => {
    const fake = await start({ contextLength: 2048 });
    for (const options of [{}, { num_ctx: 2048 }, { num_ctx: 512 }, { num_ctx: 1_000_000 }]) {
      await (await post(fake, '/api/chat', { model: chatModel, options })).text();
    }
    expect(fake.loads).toBe(3);
    expect(fake.runners).toMatchObject([{ model: chatModel, numCtx: 8192 }]);
  });
});

describe('for tests', () => {
  it('keeps what it was asked, and tells when', async () => {
    const fake = await start();
    const second = fake.whenRequest('/api/chat', 2);
    await (await post(fake, '/api/chat', { model: chatModel })).text();
    await (await post(fake, '/api/chat', { model: 'nope' })).text();
    expect(await second).toMatchObject({ method: 'POST', path: '/api/chat', body: '{"model":"nope"}' });
    expect(fake.requests).toHaveLength(2);
    expect(await fake.whenRequest('/api/chat')).toMatchObject({ body: `{"model":"${chatModel}"}` });
  });

  it('keeps no more requests than it is told to', async () => {
    const fake = await start({ keepRequests: 1 });
    await (await fetch(`${fake.url}/api/ps`)).text();
    await (await fetch(`${fake.url}/api/tags`)).text();
    expect(fake.requests.map(({ path }) => path)).toEqual(['/api/tags']);
    await expect(fake.whenRequest('/api/ps')).rejects.toThrow('raise keepRequests');
  });

  it('can be given other models', async () => {
    const fake = await start({ models: ['a'] });
    fake.setModels(['b', { name: 'c:1b', digest: 'f'.repeat(64) }]);
    const { models } = (await (await fetch(`${fake.url}/api/tags`)).json()) as {
      models: { name: string; digest: string }[];
    };
    expect(models.map(({ name }) => name)).toEqual(['b:latest', 'c:1b']);
    expect(models[1]?.digest).toBe('f'.repeat(64));
  });

  it('closes its port, and another can take it', async () => {
    const first = await startFakeOllama();
    await first.close();
    await expect(fetch(first.url)).rejects.toThrow();
    const second = await start({ port: first.port });
    expect(second.url).toBe(first.url);
    expect(await (await fetch(second.url)).text()).toBe('Ollama is running');
  });

  it('runs as a process of its own', async () => {
    const main = new URL('main.ts', import.meta.url).pathname;
    const child = spawn(process.execPath, [main, '--models', 'a,b', '--embedders', 'e', '--tokens', '3']);
    try {
      const [line] = (await once(child.stdout, 'data')) as [Buffer];
      const { url, port } = JSON.parse(String(line)) as { url: string; port: number };
      expect(url).toBe(`http://127.0.0.1:${port}`);
      const response = await fetch(`${url}/api/chat`, {
        method: 'POST',
        body: JSON.stringify({ model: 'b', messages: user('x') }),
      });
      expect(await lines(response)).toHaveLength(4);
    } finally {
      child.kill('SIGTERM');
      await once(child, 'exit');
    }
    expect(child.exitCode).toBe(0);
  });
});
