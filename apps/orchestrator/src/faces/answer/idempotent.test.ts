import { abortError, ClusterError, delta, done, onAbort, type Generate } from '@tutti/core';
import { describe, expect, it } from 'vitest';
import { oneNodeApp } from './one-node-app.fixture.ts';

const messages = [{ role: 'user', content: 'hi' }];
const key = (text = 'k-1') => ({ 'idempotency-key': text });

/** A node that answers with the number of the call, when the test lets it. */
function counting({ held = false } = {}) {
  let calls = 0;
  const waiting: (() => void)[] = [];
  const generate: Generate = async function* (_, { signal }) {
    calls += 1;
    const text = `answer ${calls}`;
    if (held) {
      await new Promise<void>((resolve, reject) => {
        waiting.push(resolve);
        onAbort(signal, () => reject(abortError(signal)));
      });
    }
    yield delta({ text });
    yield delta({ text: ' ends' });
    yield done({ reason: 'stop', usage: { promptTokens: 2, outputTokens: 2 } });
  };
  const release = async (): Promise<void> => {
    await expect.poll(() => waiting.length).toBeGreaterThan(0);
    waiting.shift()!();
  };
  return { generate, release, calls: () => calls };
}

describe.each([
  { path: '/api/chat', body: { messages, stream: false }, type: 'application/json' },
  { path: '/api/chat', body: { messages }, type: 'application/x-ndjson' },
  { path: '/api/generate', body: { prompt: 'hi' }, type: 'application/x-ndjson' },
  { path: '/v1/chat/completions', body: { messages }, type: 'application/json' },
  { path: '/v1/chat/completions', body: { messages, stream: true }, type: 'text/event-stream' },
])('$path, $type', ({ path, body, type }) => {
  it('answers a request that comes again as before, without a second call', async () => {
    const node = counting();
    const { post } = await oneNodeApp(node.generate);
    const first = await post(path, body, key());
    expect(first.headers).not.toHaveProperty('idempotent-replayed');
    const again = await post(path, body, key());
    expect(again.statusCode).toBe(200);
    expect(again.body).toBe(first.body);
    expect(again.headers).toMatchObject({ 'idempotent-replayed': 'true', 'x-tutti-node': 'a' });
    expect(again.headers['content-type']).toContain(type);
    expect(again.headers['x-request-id']).not.toBe(first.headers['x-request-id']);
    expect(node.calls()).toBe(1);
  });

  it('lets one that comes meanwhile wait for it', async () => {
    const node = counting({ held: true });
    const { post } = await oneNodeApp(node.generate);
    const both = [post(path, body, key()), post(path, body, key())];
    await node.release();
    const [first, second] = await Promise.all(both);
    expect(second!.body).toBe(first!.body);
    expect(node.calls()).toBe(1);
  });
});

it('refuses a key that came with another request, and names it', async () => {
  const { post } = await oneNodeApp(counting().generate);
  await post('/v1/chat/completions', { messages }, key());
  for (const [body, headers] of [
    [{ messages, temperature: 1 }, {}],
    [{ messages }, { 'x-tutti-priority': 'batch' }],
  ] as const) {
    const other = await post('/v1/chat/completions', body, { ...key(), ...headers });
    expect(other.statusCode).toBe(400);
    expect(other.json()).toMatchObject({ error: { type: 'invalid_request_error', param: 'Idempotency-Key' } });
  }
});

it.each(['', 'two words', 'x'.repeat(256)])('refuses %j as a key', async (text) => {
  const { post } = await oneNodeApp(counting().generate);
  expect((await post('/api/chat', { messages }, key(text))).statusCode).toBe(400);
});

it('makes another call for another key, for another principal, and after ten minutes', async () => {
  const node = counting();
  const { post, actAs, clock } = await oneNodeApp(node.generate);
  await post('/api/chat', { messages }, key());
  await post('/api/chat', { messages }, key('k-2'));
  expect(node.calls()).toBe(2);
  await clock.advance(10 * 60_000);
  await post('/api/chat', { messages }, key());
  expect(node.calls()).toBe(3);
  actAs({ id: 'other' });
  await post('/api/chat', { messages }, key());
  expect(node.calls()).toBe(4);
});

it('makes another call after an error, also one in the middle of a stream', async () => {
  for (const early of [true, false]) {
    let calls = 0;
    const { post } = await oneNodeApp(async function* () {
      calls += 1;
      if (!early) yield delta({ text: 'one' });
      if (calls === 1) throw new ClusterError('context_length_exceeded', 'too long');
      yield delta({ text: 'two' });
      yield done({ reason: 'stop' });
    });
    expect((await post('/api/chat', { messages }, key())).body).toContain('too long');
    const again = await post('/api/chat', { messages }, key());
    expect(again.body).toContain('two');
    expect(again.headers).not.toHaveProperty('idempotent-replayed');
    expect(calls).toBe(2);
  }
});

it('makes another call for one that waits, if the first client leaves', async () => {
  const node = counting({ held: true });
  const { post, app } = await oneNodeApp(node.generate, { listen: true });
  const url = `${app.listeningOrigin}/api/chat`;
  const leaving = new AbortController();
  const init = { method: 'POST', headers: key(), body: JSON.stringify({ model: 'm', messages }) };
  const first = fetch(url, { ...init, signal: leaving.signal }).catch(() => 'left');
  await expect.poll(() => node.calls()).toBe(1);
  const second = fetch(url, init).then((response) => response.text());
  leaving.abort();
  expect(await first).toBe('left');
  await expect.poll(() => node.calls()).toBe(2);
  await node.release();
  await node.release();
  expect(await second).toContain('answer 2');
  expect((await post('/api/chat', { messages }, key())).headers).toHaveProperty('idempotent-replayed', 'true');
});
