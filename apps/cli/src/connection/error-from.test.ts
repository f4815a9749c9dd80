import { expect, it } from 'vitest';
import { errorFrom } from './error-from.ts';

it.each([
  ['problem+json', 409, '{"code":"failed_precondition","detail":"No."}', 'failed_precondition', 'No.'],
  ['problem+json with a reason of a later version', 404, '{"code":"new","detail":"No."}', 'not_found', 'No.'],
  ['Ollama', 404, '{"error":"model not found"}', 'not_found', 'model not found'],
  ['OpenAI', 401, '{"error":{"message":"No key.","code":"invalid_api_key"}}', 'unauthenticated', 'No key.'],
  ['a page of a proxy', 502, '<html>', 'upstream_error', 'The orchestrator answered with status 502.'],
  ['null', 503, 'null', 'overloaded', 'The orchestrator answered with status 503.'],
])('%s', (_, status, text, reason, message) => {
  expect(errorFrom(status, text)).toMatchObject({ reason, message });
});
