import { done, ticketMachine, type Call } from '@tutti/core';
import { InferenceService } from '@tutti/proto/tutti/v1/inference';
import { describe, expect, it } from 'vitest';
import { inferenceService } from './inference-service.ts';
import { serveGrpc } from './served.fixture.ts';

async function served() {
  const asked: Call[] = [];
  async function* generate(call: Call) {
    asked.push(call);
    yield done({ reason: 'stop' });
  }
  const nextTicket = ticketMachine();
  const service = inferenceService({ generate, nextTicket, enter: () => () => {} });
  const { generate: ask } = await serveGrpc(InferenceService, service);
  return { asked, ask: async (call: object) => Array.fromAsync(ask({ call: call as Call })) };
}

const kind = { case: 'chat', value: { messages: [{ role: 'user' }] } } as const;

describe('a call that a client sends as such', () => {
  it('goes on as it is', async () => {
    const { asked, ask } = await served();
    const schemaJson = '{"type": "object", "minimum": 1.0}';
    await ask({ model: 'small', kind, format: { kind: { case: 'schemaJson', value: schemaJson } } });
    expect(asked).toMatchObject([{ model: 'small:latest', format: { kind: { value: schemaJson } } }]);
  });

  it('goes nowhere with more than one value in a field, which would name another model to a backend', async () => {
    const { asked, ask } = await served();
    const value = '{},"model":"secret-big","keep_alive":-1';
    const call = ask({ model: 'small', kind, format: { kind: { case: 'schemaJson', value } } });
    await expect(call).rejects.toMatchObject({ reason: 'invalid_request', param: 'format.schemaJson' });
    expect(asked).toEqual([]);
  });
});
