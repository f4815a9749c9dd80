import { delta, done, type Generate } from '@tutti/core';
import { describe, expect, it } from 'vitest';
import { modelVersion } from '../../models/model-version.ts';
import { oneNodeApp } from './one-node-app.fixture.ts';

const messages = [{ role: 'user', content: 'hi' }];

/** Answers with the number of the call. */
function counting(): Generate {
  let calls = 0;
  return async function* ({ kind }) {
    calls += 1;
    if (kind.case === 'embed') yield delta({ embeddings: [{ index: 0, values: [calls, 0.5] }] });
    else for (const text of ['answer', ' ', `${calls}`]) yield delta({ text });
    yield done({ reason: 'stop', usage: { promptTokens: 7, outputTokens: 3 } });
  };
}

/** The lines of a stream, without what belongs to a request. */
const linesOf = (body: string): string[] =>
  body
    .replaceAll(/"tutti":\{[^}]*\}|"created_at":"[^"]*"|"id":"[^"]*"|"created":\d+/g, '')
    .split('\n')
    .filter((line) => line !== '');

describe.each([
  { path: '/api/chat', body: { messages, options: { temperature: 0 } } },
  { path: '/api/chat', body: { messages, stream: false, options: { seed: 1 } } },
  { path: '/api/generate', body: { prompt: 'hi', options: { temperature: 0 } } },
  { path: '/api/embed', body: { input: 'hi' } },
  { path: '/v1/chat/completions', body: { messages, temperature: 0 } },
  { path: '/v1/chat/completions', body: { messages, seed: 1, stream: true, stream_options: { include_usage: true } } },
])('$path $body', ({ path, body }) => {
  it('gives the answer again, in the same pieces, and says so', async () => {
    const { post } = await oneNodeApp(counting());
    const first = await post(path, body);
    const again = await post(path, body);
    expect(first.headers).toMatchObject({ 'x-tutti-cache': 'miss', 'x-tutti-node': 'a' });
    expect(again.headers).toMatchObject({ 'x-tutti-cache': 'hit' });
    expect(again.headers).not.toHaveProperty('x-tutti-node');
    expect(again.headers['content-type']).toBe(first.headers['content-type']);
    expect(linesOf(again.body)).toEqual(linesOf(first.body));
    expect(first.body).toContain('"cache":"miss"');
    expect(again.body).toContain('"cache":"hit"');
  });

  it('asks the model if that is wished', async () => {
    const { post } = await oneNodeApp(counting());
    await post(path, body);
    const again = await post(path, body, { 'x-tutti-cache': 'bypass' });
    expect(again.headers).toMatchObject({ 'x-tutti-cache': 'bypass', 'x-tutti-node': 'a' });
  });
});

it('gives answers of chance again only to whoever asks for that', async () => {
  const { post, cache } = await oneNodeApp(counting());
  const use = { 'x-tutti-cache': 'use' };
  expect((await post('/api/chat', { messages })).headers['x-tutti-cache']).toBe('bypass');
  expect((await post('/api/chat', { messages }, use)).headers['x-tutti-cache']).toBe('miss');
  expect((await post('/api/chat', { messages }, use)).headers['x-tutti-cache']).toBe('hit');
  expect((await post('/api/chat', { messages })).headers['x-tutti-cache']).toBe('bypass');
  expect(cache.stats()).toMatchObject({ hits: 1, misses: 1, bypassed: 2, savedTokens: 10 });
  expect((await post('/api/chat', { messages }, { 'x-tutti-cache': 'always' })).statusCode).toBe(400);
});

it('shares nothing between keys', async () => {
  const { post, actAs } = await oneNodeApp(counting());
  const body = { messages, stream: false, options: { temperature: 0 } };
  await post('/api/chat', body);
  actAs({ id: 'other' });
  expect((await post('/api/chat', body)).headers['x-tutti-cache']).toBe('miss');
});

describe('the version of a model', () => {
  const nodeWith = (...digests: readonly string[]) => {
    const facts = { name: 'm:latest', sizeBytes: undefined, trainedContext: undefined, capabilities: [] };
    return { models: new Map(digests.map((digest) => ['m:latest', { ...facts, digest }])) };
  };

  it.each<[string, readonly ReturnType<typeof nodeWith>[], string | undefined]>([
    ['is the digest that all nodes have', [nodeWith('d1'), nodeWith(), nodeWith('d1')], 'd1'],
    ['cannot be told where nodes differ', [nodeWith('d1'), nodeWith('d2')], undefined],
    ['cannot be told where one tells none', [nodeWith('d1'), nodeWith('')], undefined],
    ['cannot be told where the only one tells none', [nodeWith('')], undefined],
    ['is not there without a node', [], undefined],
  ])('%s', (_, nodes, version) => {
    expect(modelVersion(nodes, { model: 'm', digest: '' })).toBe(version);
    expect(modelVersion(nodes, { model: 'm', digest: 'd9' })).toBe('d9');
  });
});
