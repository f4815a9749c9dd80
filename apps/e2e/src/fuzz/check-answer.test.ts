import { expect, it } from 'vitest';
import type { Schema } from '../schema-mismatches.ts';
import { faultsOf } from './check-answer.ts';
import type { Documented, Face, Operation } from './documented.ts';
import type { Input } from './input.ts';
import type { Answer } from './send.ts';

const schema = {
  type: 'object',
  properties: { ok: { type: 'boolean' } },
  required: ['ok'],
  additionalProperties: false,
};
const json = { 'application/json': { schema } };
const problem = '{"status":400,"code":"invalid_request","detail":"d"}';

const operationOf = (face: Face): Operation => ({
  ...{ id: 'ask', face, method: 'POST', path: '/ask', parameters: [] },
  answers: new Map<number, Readonly<Record<string, { schema: Schema }>>>([
    [200, json],
    [400, {}],
    [500, {}],
    [503, {}],
  ]),
});

function faults(face: Face, answer: Partial<Answer>, request: Partial<Input> = {}): string[] {
  const operation = operationOf(face);
  const documented: Documented = { operations: [operation], schemas: {} };
  const input = { operation, method: 'POST', target: '/ask', astray: false, headers: [], body: undefined, ...request };
  const headers = { 'x-request-id': 'r', 'content-type': 'application/json' };
  return faultsOf(input, { status: 200, headers, body: '{"ok":true}', ms: 1, ...answer }, documented);
}

it.each([
  ['a documented answer', faults('ollama', {})],
  ["Ollama's error", faults('ollama', { status: 400, body: '{"error":"e"}' })],
  [
    "OpenAI's error",
    faults('openai', { status: 400, body: '{"error":{"message":"m","type":"t","param":null,"code":"c"}}' }),
  ],
  [
    "Anthropic's error",
    faults('anthropic', { status: 503, body: '{"type":"error","error":{"type":"t","message":"m"},"request_id":"r"}' }),
  ],
  [
    "Anthropic's error to its client, where OpenAI's models are listed",
    faults(
      'openai',
      { status: 400, body: '{"type":"error","error":{"type":"t","message":"m"},"request_id":"r"}' },
      { target: '/v1/models/x', headers: [['anthropic-version', '2023-06-01']] },
    ),
  ],
  [
    'a problem',
    faults('own', {
      status: 400,
      headers: { 'x-request-id': 'r', 'content-type': 'application/problem+json' },
      body: problem,
    }),
  ],
  ['a method that is not there', faults('ollama', { status: 405, body: '{"error":"e"}' }, { method: 'PUT' })],
  ['a path that is not there', faults('ollama', { status: 404, body: '{"error":"e"}' }, { astray: true })],
])('%s is fine', (_, found) => expect(found).toEqual([]));

it.each([
  ['status 404 is not documented', faults('ollama', { status: 404, body: '{"error":"e"}' })],
  ['status 200 is not documented', faults('ollama', {}, { astray: true })],
  ['status 500', faults('ollama', { status: 500, body: '{"error":"e"}' })],
  ['no x-request-id', faults('ollama', { headers: { 'content-type': 'application/json' } })],
  ['no JSON: {', faults('ollama', { body: '{' })],
  ['the answer: .ok is missing', faults('ollama', { body: '{}' })],
  ['the answer: .more is not described', faults('ollama', { body: '{"ok":true,"more":1}' })],
  ['the error: .error is no string', faults('ollama', { status: 400, body: '{"error":{"message":"m"}}' })],
  [
    'the error: .error.code is missing',
    faults('openai', { status: 400, body: '{"error":{"message":"m","type":"t","param":null}}' }),
  ],
  [
    'an error of type "application/json" where application/problem+json is spoken',
    faults('own', { status: 400, body: problem }),
  ],
])('told: %s', (expected, found) => expect(found).toEqual([expected]));
