import { describe, expect, it } from 'vitest';
import { createEventParser, parseError } from './index.ts';

const now = Date.parse('2026-01-02T03:04:05Z');
const errorWith = (status: number, error: unknown, retryAfter?: string) =>
  parseError(status, { text: JSON.stringify({ error }), retryAfter }, now);

describe('what a server refuses with', () => {
  it.each([
    [400, { message: "This model's maximum context length is 4096 tokens.", code: 'context_length_exceeded' }],
    [400, { code: 400, message: 'the request exceeds the available context size', type: 'exceed_context_size_error' }],
    [400, { message: "The input (9000 tokens) is longer than the model's context length (4096 tokens)." }],
    [500, { code: 500, message: 'input (2701 tokens) is too large to process. increase the physical batch size' }],
    [500, { message: 'the prompt is longer than the context size', type: 'server_error' }],
  ])('%i %j is a prompt that is too long', (status, error) => {
    expect(errorWith(status, error)).toMatchObject({ reason: 'context_length_exceeded' });
  });

  it.each([
    [404, { message: 'The model `x` does not exist.', type: 'NotFoundError', code: 404 }],
    [404, { message: 'The model does not exist or you do not have access', code: 'model_not_found' }],
    [400, { message: 'model "x" not found, try pulling it first', type: 'not_found_error' }],
  ])('%i %j is a model that is not there', (status, error) => {
    expect(errorWith(status, error)).toMatchObject({ reason: 'model_not_found', param: 'model' });
  });

  it.each([
    [400, 'invalid_request'],
    [404, 'upstream_error'],
    [413, 'too_large'],
    [422, 'invalid_request'],
    [429, 'overloaded'],
    [500, 'upstream_error'],
    [501, 'not_implemented'],
    [502, 'upstream_error'],
    [503, 'overloaded'],
    [504, 'upstream_timeout'],
    [529, 'overloaded'],
  ])('%i is %s', (status, reason) => {
    expect(errorWith(status, { message: 'no' })).toMatchObject({ reason });
    expect(parseError(status, { text: '<html>', retryAfter: undefined }, now)).toMatchObject({ reason });
  });

  it('names the field at fault where the caller can mend it', () => {
    const error = { message: 'Invalid value', type: 'invalid_request_error', param: 'temperature', code: null };
    expect(errorWith(400, error)).toMatchObject({ message: 'Invalid value', param: 'temperature' });
  });

  it.each([401, 402, 403])('%i is a fault of the node, and tells nothing of its key', (status) => {
    const error = errorWith(status, {
      message: 'Incorrect API key provided: sk-abcd****wxyz.',
      code: 'invalid_api_key',
    });
    expect(error).toMatchObject({ reason: 'upstream_error', message: expect.stringContaining('API key') as string });
    expect(error.message).not.toContain('sk-');
  });

  it('429 for an account without credit is not a matter of time', () => {
    const error = errorWith(429, { message: 'You exceeded your current quota', code: 'insufficient_quota' });
    expect(error).toMatchObject({ reason: 'upstream_error', message: expect.stringContaining('credit') as string });
  });

  it.each([
    ['7', 7_000],
    ['0.5', 500],
    ['Fri, 02 Jan 2026 03:04:35 GMT', 30_000],
    ['Fri, 02 Jan 2026 03:00:00 GMT', 0],
    ['soon', undefined],
    [undefined, undefined],
  ])('after "%s" it can be asked again in %s ms', (retryAfter, retryAfterMs) => {
    expect(errorWith(429, { message: 'slow down' }, retryAfter).retryAfterMs).toBe(retryAfterMs);
  });

  it('shows no addresses and no keys', () => {
    const { message } = errorWith(500, { message: 'dial http://10.1.2.3:8080/x with sk-or-v1-0123456789 failed' });
    expect(message).toBe('dial the backend with *** failed');
  });

  it.each([
    ['a text', { error: 'boom' }],
    ['a detail', { detail: 'boom' }],
    ['an object', { object: 'error', message: 'boom', type: 'x', code: 400 }],
  ])('may be %s', (_, body) => {
    const error = parseError(400, { text: JSON.stringify(body), retryAfter: undefined }, now);
    expect(error).toMatchObject({ reason: 'invalid_request', message: 'boom' });
  });
});

describe('a stream', () => {
  const read = (...lines: string[]) => {
    const parser = createEventParser({ promptTokens: 1 });
    return [...lines.flatMap((line) => parser.line(line)), ...parser.end()];
  };
  const words = 'data: {"choices":[{"index":0,"delta":{"content":"a"},"finish_reason":null}]}';
  const call = (text: string, finish: string) =>
    `data: {"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"1","function":{"name":"f","arguments":${JSON.stringify(text)}}}]},"finish_reason":"${finish}"}]}`;

  it.each([
    ['data: {"error":{"message":"boom","type":"server_error","code":500}}', 'upstream_error'],
    ['data: {"error":{"message":"slot unavailable","code":503}}', 'overloaded'],
    ['error: {"code":500,"message":"boom","type":"server_error"}', 'upstream_error'],
    ['data: {"error":{"code":400,"message":"exceeds the available context size"}}', 'context_length_exceeded'],
    ['data: {"error":"boom"}', 'upstream_error'],
    ['data: {"choices":[{"index":0,"delta":{},"finish_reason":"error","error":{"message":"boom"}}]}', 'upstream_error'],
    ['<html>', 'bad_upstream'],
    ['data: null', 'bad_upstream'],
    ['data: []', 'bad_upstream'],
    ['data: {}', 'bad_upstream'],
    ['data: {"choices":[{"delta":{"content":7}}]}', 'bad_upstream'],
    ['data: {"choices":[{"delta":[]}]}', 'bad_upstream'],
    ['data: {"choices":[{"delta":{"tool_calls":{}}}]}', 'bad_upstream'],
    ['data: {"choices":[{"delta":{},"logprobs":{"content":[{}]}}]}', 'bad_upstream'],
    ['data: {"choices":[],"usage":{"prompt_tokens":"7"}}', 'bad_upstream'],
  ])('with %s fails with %s', (line, reason) => {
    expect(() => read(words, line, 'data: [DONE]')).toThrow(expect.objectContaining({ reason }));
  });

  it('that just ends is not complete', () => {
    expect(() => read(words)).toThrow(expect.objectContaining({ reason: 'bad_upstream' }));
    expect(() => read()).toThrow(expect.objectContaining({ reason: 'bad_upstream' }));
  });

  it('is complete with [DONE] or a reason to end, and says nothing after it', () => {
    const kinds = (...lines: string[]) => read(...lines).map(({ kind }) => kind.case);
    expect(kinds(words, 'data: [DONE]', words, '<html>')).toEqual(['delta', 'done']);
    expect(kinds(words.replace('null', '"stop"'))).toEqual(['delta', 'done']);
  });

  it('that must call a function and does not is wrong, unless it was cut off', () => {
    const ended = (finish: string) => {
      const parser = createEventParser({ promptTokens: 1, mustCall: true });
      return [...parser.line(words.replace('null', `"${finish}"`)), ...parser.line('data: [DONE]')].length;
    };
    expect(() => ended('stop')).toThrow(expect.objectContaining({ reason: 'bad_upstream' }));
    expect(ended('length')).toBe(2);
  });

  it('that ends in the middle of a tool call leaves it out if it was cut, and is wrong otherwise', () => {
    expect(read(call('{"a":', 'length')).map(({ kind }) => kind.case)).toEqual(['done']);
    expect(() => read(call('{"a":', 'tool_calls'))).toThrow(expect.objectContaining({ reason: 'bad_upstream' }));
  });
});
