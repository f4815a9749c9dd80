import { ClusterError, reasons, type Reason } from '@tutti/core';
import { describe, expect, it } from 'vitest';
import { errorBody, errorEvent } from './index.ts';

describe('errorBody', () => {
  it.each([
    [
      new ClusterError('invalid_request', 'no', { param: 'messages[0].role' }),
      400,
      '{"error":{"message":"no","type":"invalid_request_error","param":"messages[0].role","code":"invalid_value"}}',
    ],
    [
      new ClusterError('model_not_found', "model 'x' not found"),
      404,
      '{"error":{"message":"model \'x\' not found","type":"invalid_request_error","param":"model","code":"model_not_found"}}',
    ],
    [
      new ClusterError('too_large', 'no'),
      413,
      '{"error":{"message":"no","type":"invalid_request_error","param":null,"code":null}}',
    ],
    [
      new ClusterError('overloaded', 'no'),
      503,
      '{"error":{"message":"no","type":"service_unavailable_error","param":null,"code":"server_is_overloaded"}}',
    ],
    [
      new ClusterError('quota_exhausted', 'no'),
      429,
      '{"error":{"message":"no","type":"insufficient_quota","param":null,"code":"insufficient_quota"}}',
    ],
    [
      new ClusterError('bad_upstream', 'no'),
      502,
      '{"error":{"message":"no","type":"api_error","param":null,"code":"bad_upstream_response"}}',
    ],
  ])('%s', (error, status, body) => {
    expect(errorBody(error)).toEqual({ status, body });
  });

  it('has all four fields for every reason', () => {
    for (const reason of Object.keys(reasons) as Reason[]) {
      const { body } = errorBody(new ClusterError(reason, 'x'));
      const { error } = JSON.parse(body) as { error: object };
      expect(Object.keys(error), reason).toEqual(['message', 'type', 'param', 'code']);
    }
  });

  it('is the last event of an answer that has begun', () => {
    const error = new ClusterError('upstream_error', 'gone');
    expect(errorEvent(error)).toBe(`data: ${errorBody(error).body}\n\n`);
  });
});
