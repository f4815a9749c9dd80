import { create } from '@bufbuild/protobuf';
import { DeltaSchema, DoneSchema } from '@tutti/proto/tutti/agent/v1/chunk';
import { describe, expect, it } from 'vitest';
import { renderChat, renderChatDelta, renderGenerateDelta } from './index.ts';

const extraJson = '{"done":"yes","model":"x","message":1,"response":2,"y":1.0}';

describe('unknown fields of a backend', () => {
  it('do not stand twice in a line', () => {
    const delta = create(DeltaSchema, { text: 'a', extraJson });
    expect(renderChatDelta('m', 'now', delta)).toBe(
      '{"model":"m","created_at":"now","message":{"role":"assistant","content":"a"},"done":false,"response":2,"y":1.0}',
    );
    expect(renderGenerateDelta('m', 'now', delta)).toBe(
      '{"model":"m","created_at":"now","response":"a","done":false,"message":1,"y":1.0}',
    );
  });

  it('of single pieces are left out of the whole', () => {
    const deltas = [create(DeltaSchema, { text: 'a', extraJson }), create(DeltaSchema, { text: 'b' })];
    expect(renderChat('m', 'now', deltas, create(DoneSchema, { reason: 'stop' }))).toBe(
      '{"model":"m","created_at":"now","message":{"role":"assistant","content":"ab"},"done":true,"done_reason":"stop"}',
    );
  });
});

describe('a text', () => {
  it('is one line whatever is in it, and comes back the same', () => {
    const text = '\n\r\u2028\0"\\\ud800\udc00 \udfff 😀';
    const line = renderChatDelta('m"\n', 'now', create(DeltaSchema, { text, thinking: text }));
    expect(line).not.toMatch(/[\n\r]/);
    expect(JSON.parse(line)).toMatchObject({ model: 'm"\n', message: { content: text, thinking: text } });
    expect(line).toContain('\\udfff');
  });
});
