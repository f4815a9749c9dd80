import { ClusterError } from '@tutti/core';

/** The error for what Anthropic has no word for. */
export function unknownField(param: string): ClusterError {
  return new ClusterError('invalid_request', `The model's server speaks Anthropic's API, which has no ${param}.`, {
    param,
  });
}
