import { ClusterError, reasons, type Reason } from '@tutti/core';
import { describe, expect, it } from 'vitest';
import { errorBody, errorEvent, parseError } from './index.ts';

describe('errorBody', () => {
  it.each([
    ['invalid_request', 400, 'invalid_request_error'],
    ['unauthenticated', 401, 'authentication_error'],
    ['forbidden', 403, 'permission_error'],
    ['model_not_found', 404, 'not_found_error'],
    ['method_not_allowed', 405, 'invalid_request_error'],
    ['too_large', 413, 'request_too_large'],
    ['rate_limited', 429, 'rate_limit_error'],
    ['headers_too_large', 431, 'request_too_large'],
    ['internal', 500, 'api_error'],
    ['upstream_error', 502, 'api_error'],
    ['upstream_timeout', 504, 'timeout_error'],
    ['overloaded', 529, 'overloaded_error'],
    ['no_healthy_node', 529, 'overloaded_error'],
  ] as const)('%s is %i %s', (reason, status, type) => {
    expect(errorBody(new ClusterError(reason, 'Why "so"'), 'r1')).toEqual({
      status,
      body: `{"type":"error","error":{"type":"${type}","message":"Why \\"so\\""},"request_id":"r1"}`,
    });
  });

  it.each([
    ['"m" takes 8', 'prompt is too long: "m" takes 8'],
    ['prompt is too long: 9 tokens > 8 maximum', 'prompt is too long: 9 tokens > 8 maximum'],
  ])('says that a prompt is too long in the words that clients look for: %s', (message, told) => {
    const { status, body } = errorBody(new ClusterError('context_length_exceeded', message), 'r1');
    expect(status).toBe(400);
    expect(JSON.parse(body)).toMatchObject({ error: { type: 'invalid_request_error', message: told } });
  });

  it('has an error status for every reason', () => {
    for (const reason of Object.keys(reasons) as Reason[]) {
      expect(errorBody(new ClusterError(reason, 'x'), 'r').status).toBeGreaterThanOrEqual(400);
    }
  });
});

it('errorEvent is a whole event', () => {
  expect(errorEvent(new ClusterError('overloaded', 'busy'), 'r1')).toBe(
    'event: error\ndata: {"type":"error","error":{"type":"overloaded_error","message":"busy"},"request_id":"r1"}\n\n',
  );
});

describe('parseError', () => {
  const told = (type: string, message = 'Why'): string => JSON.stringify({ type: 'error', error: { type, message } });

  it.each([
    [400, told('invalid_request_error'), 'invalid_request'],
    [400, told('invalid_request_error', 'prompt is too long: 9 tokens > 8 maximum'), 'context_length_exceeded'],
    [401, told('authentication_error'), 'upstream_error'],
    [403, told('permission_error'), 'upstream_error'],
    [404, told('not_found_error', 'model: claude-0'), 'model_not_found'],
    [413, told('request_too_large'), 'too_large'],
    [429, told('rate_limit_error'), 'overloaded'],
    [500, told('api_error'), 'upstream_error'],
    [529, told('overloaded_error'), 'overloaded'],
    [502, '<html>', 'upstream_error'],
  ])('%i %s is %s', (status, text, reason) => {
    expect(parseError(status, { text, retryAfter: undefined }, 0)).toMatchObject({ reason });
  });

  it('keeps how long to wait', () => {
    const refused = { text: told('rate_limit_error'), retryAfter: '7' };
    expect(parseError(429, refused, 0)).toMatchObject({ retryAfterMs: 7_000 });
  });
});
