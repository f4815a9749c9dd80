import { create } from '@bufbuild/protobuf';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { delta, done, Priority, type Context, type Generate } from '@tutti/core';
import { NodeStateSchema } from '@tutti/proto/tutti/agent/v1/state';
import { guardedApp } from './guarded-app.fixture.ts';
import type { KeyFacts } from './key-ring.ts';

let served: Awaited<ReturnType<typeof guardedApp>>;
let seen: Context[];

const hello: Generate = async function* (_, context) {
  seen.push(context);
  yield delta({ text: 'hello' });
  yield done({ reason: 'stop' });
};

beforeEach(async () => {
  seen = [];
  served = await guardedApp({ exposed: true });
  const models = [{ name: 'ours' }, { name: 'theirs' }];
  const runners = [{ model: 'ours' }, { model: 'theirs' }];
  const slots = { total: 4, perRunner: 4 };
  served.cluster.report('a', hello, create(NodeStateSchema, { models, runners, slots }));
});
afterEach(() => served.close());

/** Asks with a new key. */
async function withKey(facts: Partial<KeyFacts>) {
  const { key, text } = await served.keys.make({ name: 'k', role: 'operator', modelsWrite: true, ...facts });
  const ask = (method: 'GET' | 'POST' | 'DELETE', url: string, body?: object, headers: Record<string, string> = {}) =>
    served.app.inject({
      ...{ method, url, headers: { host: 'localhost', 'x-api-key': text, ...headers } },
      ...(body && { payload: JSON.stringify(body) }),
    });
  const chat = (model = 'ours', headers: Record<string, string> = {}) =>
    ask('POST', '/api/chat', { model, messages: [{ role: 'user', content: 'hi' }], stream: false }, headers);
  return { key, ask, chat };
}

describe('a key for some models', () => {
  it.each([
    ['POST', '/api/show'],
    ['POST', '/api/pull'],
    ['DELETE', '/api/delete'],
  ] as const)('gets past it at %s %s by no other spelling of the field', async (method, url) => {
    const { ask } = await withKey({ models: ['our*'] });
    for (const key of ['Model', 'MODEL', 'Name', 'NAME']) {
      const { statusCode, body } = await ask(method, url, { model: 'ours', [key]: 'theirs' });
      expect([statusCode, body]).toEqual([400, expect.stringContaining('must be written in lower case')]);
    }
  });

  it.each([
    ['/api/copy', { source: 'theirs', destination: 'ours2' }],
    ['/api/copy', { source: 'ours', destination: 'theirs2' }],
    ['/api/create', { model: 'ours2', from: 'theirs' }],
    ['/api/create', { model: 'theirs2', from: 'ours' }],
    ['/api/push', { name: 'theirs' }],
    ['/api/pull', { model: '', name: 'theirs' }],
  ])('takes and makes no others at %s with %j', async (url, body) => {
    const { ask } = await withKey({ models: ['our*'] });
    expect((await ask('POST', url, body)).statusCode).toBe(403);
  });

  it('uploads nothing if it may not change models', async () => {
    const { ask } = await withKey({ modelsWrite: false });
    for (const url of ['/api/copy', '/api/create', '/api/push', `/api/blobs/sha256:${'ab'.repeat(32)}`]) {
      expect((await ask('POST', url, {})).statusCode).toBe(403);
    }
  });

  it.each(['/api/tags', '/api/ps', '/v1/models'])('sees no others at %s', async (url) => {
    const { ask } = await withKey({ models: ['our*'] });
    const { statusCode, body } = await ask('GET', url);
    expect(statusCode).toBe(200);
    expect(body).toContain('ours');
    expect(body).not.toContain('theirs');
    const all = await withKey({});
    expect((await all.ask('GET', url)).body).toContain('theirs');
  });

  it('runs no others, by no face', async () => {
    const { ask, chat } = await withKey({ models: ['our*'] });
    const messages = [{ role: 'user', content: 'hi' }];
    expect((await chat('ours')).json()).toMatchObject({ message: { content: 'hello' } });
    for (const answer of [
      await chat('theirs'),
      await chat('theirs:latest'),
      await ask('POST', '/api/chat', { model: 'theirs', messages }),
      await ask('POST', '/api/generate', { model: 'theirs', prompt: 'hi' }),
      await ask('POST', '/api/embed', { model: 'theirs', input: 'hi' }),
      await ask('POST', '/v1/chat/completions', { model: 'theirs', messages }),
    ]) {
      expect(answer.statusCode).toBe(403);
      expect(answer.body).toContain('it may use our*');
    }
    expect(seen).toHaveLength(1);
  });

  it('neither shows, pulls nor deletes others', async () => {
    const { ask } = await withKey({ models: ['our*'] });
    for (const [method, url] of [
      ['POST', '/api/show'],
      ['POST', '/api/pull'],
      ['DELETE', '/api/delete'],
    ] as const) {
      expect((await ask(method, url, { model: 'theirs' })).statusCode).toBe(403);
      expect((await ask(method, url, { model: 'ours' })).statusCode).not.toBe(403);
    }
  });
});

describe('a key for some priorities', () => {
  it('asks for its own if it asks for none, as most clients do', async () => {
    await (await withKey({ classes: ['batch'] })).chat();
    await (await withKey({ classes: ['batch', 'default'] })).chat();
    await (await withKey({})).chat();
    expect(seen.map(({ priority }) => priority)).toEqual([Priority.BATCH, Priority.DEFAULT, Priority.DEFAULT]);
  });

  it('does not get another', async () => {
    const { chat } = await withKey({ classes: ['batch'] });
    expect((await chat('ours', { 'x-tutti-priority': 'interactive' })).statusCode).toBe(403);
    expect((await chat('ours', { 'x-tutti-priority': 'batch' })).statusCode).toBe(200);
  });
});

it('a key for so many requests a minute is told when to come again, and others are not', async () => {
  const { chat } = await withKey({ requestsPerMinute: 1 });
  const first = await chat();
  expect(first.statusCode).toBe(200);
  const limit = { 'x-ratelimit-limit-requests': '1', 'x-ratelimit-remaining-requests': '0' };
  expect(first.headers).toMatchObject(limit);
  const { statusCode, headers } = await chat();
  expect(statusCode).toBe(429);
  expect(headers).toMatchObject({ ...limit, 'x-ratelimit-reset-requests': '60.000s', 'x-should-retry': 'true' });
  expect(headers['retry-after']).toBe('60');
  expect((await (await withKey({})).chat()).statusCode).toBe(200);
});

it('each request runs as who asks', async () => {
  const { key, chat } = await withKey({ role: 'user' });
  await chat();
  expect(seen[0]?.principal).toMatchObject({ id: key.id, role: 'user' });
});
