import { ClusterError, reasons, type Reason } from '@tutti/core';
import { describe, expect, it } from 'vitest';
import { errorBody } from './index.ts';

describe('errorBody', () => {
  it.each([
    ['invalid_request', 400, 'model is required', '{"error":"model is required"}'],
    ['model_not_found', 404, "model 'x' not found", '{"error":"model \'x\' not found"}'],
    ['client_closed', 499, 'request canceled', '{"error":"request canceled"}'],
    ['upstream_error', 500, 'EOF "\n"', '{"error":"EOF \\"\\n\\""}'],
    ['bad_upstream', 500, 'x', '{"error":"x"}'],
    ['upstream_timeout', 504, 'x', '{"error":"x"}'],
    [
      'overloaded',
      503,
      'every node is busy',
      '{"error":"server busy, please try again.  maximum pending requests exceeded"}',
    ],
  ] as const)('%s is %i', (reason, status, message, body) => {
    expect(errorBody(new ClusterError(reason, message))).toEqual({ status, body });
  });

  it('has an error status for every reason', () => {
    for (const reason of Object.keys(reasons) as Reason[]) {
      expect(errorBody(new ClusterError(reason, 'x')).status).toBeGreaterThanOrEqual(400);
    }
  });
});
