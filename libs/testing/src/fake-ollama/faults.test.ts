import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { virtualClock } from '../virtual-clock.ts';
import { startFakeOllama, type FakeOllama } from './fake-ollama.ts';
import type { Fault } from './faults.ts';
import { chatModel, lines, post, user } from './requests.fixture.ts';

let fake: FakeOllama;
beforeAll(async () => {
  fake = await startFakeOllama({ answer: () => 'one two three' });
});
afterAll(() => fake.close());

const chat = (more: object = {}, signal?: AbortSignal): Promise<Response> =>
  post(fake, '/api/chat', { model: chatModel, messages: user('x'), ...more }, signal);

/** The next request is answered as if nothing had been. */
async function expectRecovery(): Promise<void> {
  expect(await lines(await chat())).toHaveLength(4);
}

describe('instead of an answer', () => {
  it('refuse closes the connection', async () => {
    fake.fail('refuse');
    await expect(chat()).rejects.toThrow('fetch failed');
    await expectRecovery();
  });

  it('hang never answers', async () => {
    fake.fail('hang');
    const [leaving, abortedBefore, seenBefore] = [new AbortController(), fake.aborted, fake.requests.length];
    const answered = chat({}, leaving.signal);
    const refused = expect(answered).rejects.toThrow('aborted');
    await fake.whenRequest('/api/chat', seenBefore + 1);
    expect(fake.live).toBe(1);
    leaving.abort();
    await refused;
    await fake.whenAborted(abortedBefore + 1);
    await expectRecovery();
  });

  it.each<[Fault, number, string, string]>([
    [
      'http500',
      500,
      'application/json; charset=utf-8',
      '{"error":"llama runner process has terminated: exit status 2"}',
    ],
    [
      'busy',
      503,
      'application/json; charset=utf-8',
      '{"error":"server busy, please try again.  maximum pending requests exceeded"}',
    ],
    ['noModel', 404, 'application/json; charset=utf-8', `{"error":"model '${chatModel}' not found"}`],
  ])('%s', async (fault, status, type, body) => {
    fake.fail(fault);
    const response = await chat();
    expect([response.status, response.headers.get('content-type'), await response.text()]).toEqual([
      status,
      type,
      body,
    ]);
    await expectRecovery();
  });

  it('garbage is a web page', async () => {
    fake.fail('garbage');
    const response = await chat();
    expect(response.status).toBe(200);
    expect(await response.text()).toContain('<html>');
    await expectRecovery();
  });
});

describe('in the middle of a stream', () => {
  const first = '"content":"one"},"done":false}\n';
  const second = '"content":" two"},"done":false}\n';

  it('hangMidStream goes silent after the tokens', async () => {
    fake.fail('hangMidStream', { afterTokens: 2 });
    const [leaving, before] = [new AbortController(), fake.aborted];
    const reader = (await chat({}, leaving.signal)).body?.pipeThrough(new TextDecoderStream()).getReader();
    const { value } = (await reader?.read()) ?? {};
    expect(value).toContain(first);
    expect(value?.endsWith(second)).toBe(true);
    leaving.abort();
    await fake.whenAborted(before + 1);
    await expectRecovery();
  });

  it('reset resets the connection after the tokens', async () => {
    fake.fail('reset');
    const before = fake.aborted;
    const reader = (await chat()).body?.pipeThrough(new TextDecoderStream()).getReader();
    expect((await reader?.read())?.value?.endsWith(first)).toBe(true);
    await expect(reader?.read()).rejects.toThrow();
    expect(fake.aborted).toBe(before);
    await expectRecovery();
  });

  it('halfLine ends in a line', async () => {
    fake.fail('halfLine');
    const [whole, half, ...rest] = (await (await chat()).text()).split('\n');
    expect(whole).toContain('"content":"one"');
    expect(half).toMatch(/^\{"model":/);
    expect(() => JSON.parse(half ?? '') as unknown).toThrow('JSON');
    expect(rest).toEqual([]);
    await expectRecovery();
  });

  it('errorLine ends with an error and no done', async () => {
    fake.fail('errorLine', { afterTokens: 2 });
    const all = await lines(await chat());
    expect(all).toHaveLength(3);
    expect(all.at(-1)).toEqual({ error: 'an error was encountered while running the model: unexpected EOF' });
    await expectRecovery();
  });

  it('errorLine before the first token has a status', async () => {
    fake.fail('errorLine', { afterTokens: 0, message: 'out of memory' });
    const response = await chat();
    expect([response.status, await response.json()]).toEqual([500, { error: 'out of memory' }]);
  });

  it('endWithoutDone just ends', async () => {
    fake.fail('endWithoutDone', { afterTokens: 99 });
    const all = (await lines(await chat())) as { done: boolean }[];
    expect(all.map(({ done }) => done)).toEqual([false, false, false]);
    await expectRecovery();
  });

  it('longLine sends 9 MB in one line and goes on', async () => {
    fake.fail('longLine');
    const all = (await lines(await chat())) as { message: { content: string }; done: boolean }[];
    expect(all.map(({ message }) => message.content.length)).toEqual([3, 9 * 1024 * 1024, 4, 6, 0]);
    expect(all.at(-1)?.done).toBe(true);
  });
});

describe('in a whole answer', () => {
  const whole = (): Promise<Response> => chat({ stream: false });

  it('reset sends nothing', async () => {
    fake.fail('reset');
    await expect(whole()).rejects.toThrow('fetch failed');
  });

  it('errorLine is a status', async () => {
    fake.fail('errorLine');
    const response = await whole();
    const error = 'an error was encountered while running the model: unexpected EOF';
    expect([response.status, await response.json()]).toEqual([500, { error }]);
  });

  it('halfLine is half of the object', async () => {
    fake.fail('halfLine');
    const text = await (await whole()).text();
    expect(text).toMatch(/^\{"model":/);
    expect(() => JSON.parse(text) as unknown).toThrow('JSON');
  });

  it('endWithoutDone says done: false', async () => {
    fake.fail('endWithoutDone', { afterTokens: 2 });
    expect(await (await whole()).json()).toMatchObject({ message: { content: 'one two' }, done: false });
  });
});

describe('where and how often', () => {
  it('hits as many requests as it is told', async () => {
    fake.fail('http500', { times: 2 });
    const statuses = [];
    for (let i = 0; i < 3; i++) statuses.push((await chat()).status);
    expect(statuses).toEqual([500, 500, 200]);
  });

  it('can be taken back', async () => {
    const recover = fake.fail('http500', { times: Infinity });
    expect((await chat()).status).toBe(500);
    recover();
    await expectRecovery();
  });

  it('hits one model or one path only', async () => {
    fake.fail('http500', { model: 'other' });
    expect((await chat()).status).toBe(200);
    expect((await chat({ model: 'other' })).status).toBe(500);
    fake.fail('busy');
    expect((await fetch(`${fake.url}/api/tags`)).status).toBe(200);
    expect((await chat()).status).toBe(503);
    fake.fail('http500', { path: '/api/tags' });
    expect((await chat()).status).toBe(200);
    expect((await fetch(`${fake.url}/api/tags`)).status).toBe(500);
  });

  it('hits embeddings too', async () => {
    fake.fail('busy');
    expect((await post(fake, '/api/embed', { model: 'all-minilm', input: 'x' })).status).toBe(503);
  });
});

it('slow waits before each token', async () => {
  const clock = virtualClock();
  const slow = await startFakeOllama({ clock, answer: () => 'one two three' });
  try {
    slow.fail('slow', { delayMs: 1000 });
    const answered = post(slow, '/api/chat', { model: chatModel, messages: user('x') });
    await slow.whenRequest('/api/chat');
    await clock.advance(2999);
    expect(slow.live).toBe(1);
    await clock.advance(1);
    expect(await lines(await answered)).toHaveLength(4);
  } finally {
    await slow.close();
  }
});

it('a fault with a share hits so many by chance', async () => {
  const takeBack = fake.fail('http500', { times: Infinity, share: 0.3 });
  let hit = 0;
  for (let request = 0; request < 100; request++) if ((await chat({ stream: false })).status === 500) hit++;
  takeBack();
  expect(hit).toBeGreaterThan(15);
  expect(hit).toBeLessThan(45);
  await expectRecovery();
});
