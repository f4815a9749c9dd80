import { create } from '@bufbuild/protobuf';
import { CallSchema } from '@tutti/proto/tutti/agent/v1/call';
import { expect, it } from 'vitest';
import { renderRequest } from './index.ts';

it('lets no spelling of a field of its own past it', () => {
  const call = create(CallSchema, {
    dialect: 'anthropic',
    kind: { case: 'chat', value: { messages: [{ role: 'user', parts: [{ kind: { case: 'text', value: 'hi' } }] }] } },
    extraJson: '{"Model":"big","STREAM":false,"System":"x","Tools":[],"speed":"fast"}',
  });
  const body = JSON.parse(renderRequest(call, { model: 'small' }).body) as object;
  expect(Object.keys(body)).toEqual(['model', 'max_tokens', 'stream', 'messages', 'speed']);
});
