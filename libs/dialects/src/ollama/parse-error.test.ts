import { describe, expect, it } from 'vitest';
import { parseError } from './index.ts';

describe('parseError', () => {
  it.each([
    [400, 'model is required', 'invalid_request'],
    [400, 'registry.ollama.ai/library/m does not support tools', 'invalid_request'],
    [400, 'the input length exceeds the context length', 'context_length_exceeded'],
    [500, 'the prompt exceeds the available context size', 'context_length_exceeded'],
    [404, "model 'nope' not found", 'model_not_found'],
    [404, 'model "nope" not found, try pulling it first', 'model_not_found'],
    [503, 'server busy, please try again.  maximum pending requests exceeded', 'overloaded'],
    [500, 'llama runner process has terminated: exit status 2', 'upstream_error'],
    [500, 'option "seed" must be of type integer', 'invalid_request'],
    [500, 'invalid JSON schema in format', 'invalid_request'],
    [401, 'unauthorized', 'upstream_error'],
    [429, 'slow down', 'upstream_error'],
  ])('%i %j is %s', (status, message, reason) => {
    expect(parseError(status, JSON.stringify({ error: message }))).toMatchObject({ reason, message });
  });

  it.each(['', '404 page not found', 'null', '{"error":{}}', '{"error":""}'])(
    'says the status if the body is %j',
    (text) => {
      expect(parseError(404, text)).toMatchObject({
        reason: 'upstream_error',
        message: 'the backend answered with status 404',
      });
    },
  );

  it.each([
    ['Post "http://127.0.0.1:41233/completion": EOF', 'Post "the backend": EOF'],
    ['dial tcp 10.0.0.7:11434: connect: connection refused', 'dial tcp the backend: connect: connection refused'],
    ['dial tcp [::1]:11434: i/o timeout', 'dial tcp the backend: i/o timeout'],
    ['lookup localhost:80 failed', 'lookup the backend failed'],
  ])('hides the address in %j', (text, message) => {
    expect(parseError(500, JSON.stringify({ error: text })).message).toBe(message);
  });

  it('cuts what is too long', () => {
    expect(parseError(500, JSON.stringify({ error: 'x'.repeat(1e6) })).message).toHaveLength(2_000);
  });
});
