import { create } from '@bufbuild/protobuf';
import { CallSchema } from '@tutti/proto/tutti/agent/v1/call';
import { describe, expect, it } from 'vitest';
import { withModelOptions } from './model-options.ts';

const call = (model: string, numCtx?: number) =>
  create(CallSchema, { model, ...(numCtx !== undefined && { numCtx: { preferred: numCtx } }) });

describe('a context length in the name of a model', () => {
  it.each([
    ['llama:1b@ctx=32k', 'llama:1b', 32_768],
    ['hf.co/a/b:Q4_K_M@ctx=1m', 'hf.co/a/b:Q4_K_M', 1_048_576],
    ['llama@ctx=8192', 'llama', 8_192],
    ['llama@CTX=1.5K', 'llama', 1_536],
  ])('%s is %s with %s tokens', (name, model, preferred) => {
    expect(withModelOptions(call(name))).toMatchObject({ model, numCtx: { preferred } });
    expect(withModelOptions(call(name, preferred))).toMatchObject({ model, numCtx: { preferred } });
  });

  it.each(['llama:1b', 'llama@sha256:0123', 'team@ctx/llama'])('is not there in %s', (name) => {
    const plain = call(name, 7);
    expect(withModelOptions(plain)).toBe(plain);
  });

  it.each(['', 'x', '0', '3', '-8k', '8g', '1.0001k', '4m4', '9999999m'])('cannot be %j', (value) => {
    expect(() => withModelOptions(call(`m@ctx=${value}`))).toThrow(
      expect.objectContaining({
        reason: 'invalid_request',
        param: 'model',
        message: expect.stringContaining(`"${value}" is no context length`),
      }),
    );
  });

  it('cannot be another than that of the request', () => {
    expect(() => withModelOptions(call('m@ctx=8k', 4_096))).toThrow(
      "The model's name asks for a context of 8192 tokens and num_ctx for 4096; leave one out.",
    );
  });
});
