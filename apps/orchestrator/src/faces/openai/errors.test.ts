import { ClusterError, type Generate } from '@tutti/core';
import { describe, expect, it } from 'vitest';
import { oneNodeApp } from '../answer/one-node-app.fixture.ts';

const full: Generate = async function* () {
  yield* [];
  throw new ClusterError('context_length_exceeded', 'Too long.');
};

it.each([
  ['/v1/chat/completions', { messages: [{ role: 'user', content: 'hi' }] }, 'messages'],
  ['/v1/completions', { prompt: 'hi' }, 'prompt'],
  ['/v1/completions', { prompt: 'hi', stream: true }, 'prompt'],
  ['/v1/embeddings', { input: 'hi' }, 'input'],
])('a prompt that is too long for %s %j is told by the name of its field', async (path, body, param) => {
  const { post } = await oneNodeApp(full);
  const { error } = (await post(path, body)).json<{ error: object }>();
  expect(error).toMatchObject({ code: 'context_length_exceeded', param });
});

describe('a model that is not there is told', () => {
  const ask = async (headers: Record<string, string>, url = '/v1/models/nope') =>
    (await oneNodeApp(full)).app.inject({ method: 'GET', url, headers });

  it("to Anthropic's clients in Anthropic's words", async () => {
    const { statusCode, headers, json } = await ask({ 'anthropic-version': '2023-06-01' });
    expect(statusCode).toBe(404);
    expect(json()).toMatchObject({ type: 'error', error: { type: 'not_found_error' } });
    expect(headers['request-id']).toBe(headers['x-request-id']);
  });

  it("at other paths of OpenAI's in its words to all", async () => {
    const { json } = await ask({ 'anthropic-version': '2023-06-01' }, '/v1/files/nope');
    expect(json()).toMatchObject({ error: { code: 'unknown_url' } });
  });

  it("to all others in OpenAI's", async () => {
    const { statusCode, json } = await ask({});
    expect(statusCode).toBe(404);
    expect(json()).toMatchObject({ error: { code: 'model_not_found', param: 'model' } });
  });
});
