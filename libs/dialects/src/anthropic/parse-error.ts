import { ClusterError } from '@tutti/core';
import { parseError as parseAnyError, type Refused } from '../openai/parse-error.ts';

/** An answer of an Anthropic server whose status is not 2xx, as the error to throw. `now`: ms since 1970. */
export function parseError(status: number, refused: Refused, now: number): ClusterError {
  // Nothing else than a model is asked for by a name.
  if (status === 404)
    return new ClusterError('model_not_found', "The model's server does not have it.", { param: 'model' });
  return parseAnyError(status, refused, now);
}
