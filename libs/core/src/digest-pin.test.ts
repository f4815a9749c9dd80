import { create } from '@bufbuild/protobuf';
import { CallSchema } from '@tutti/proto/tutti/agent/v1/call';
import { describe, expect, it } from 'vitest';
import { withDigest } from './digest-pin.ts';

const digest = 'ab'.repeat(32);
const pinned = (model: string) => withDigest(create(CallSchema, { model }));

describe('withDigest', () => {
  it('takes the digest from the name', () => {
    expect(pinned(`llama:1b@sha256:${digest}`)).toMatchObject({ model: 'llama:1b', digest });
    expect(pinned(`hub.example/me/llama@sha256:${digest}`)).toMatchObject({
      model: 'hub.example/me/llama:latest',
      digest,
    });
  });

  it('leaves other names alone', () => {
    expect(pinned('llama')).toMatchObject({ model: 'llama', digest: '' });
    expect(pinned('hub.example:5000/me@home/llama')).toMatchObject({ digest: '' });
  });

  it.each(['', 'ab', digest.toUpperCase(), `${digest}0`])('refuses %j, which is no whole digest', (text) => {
    expect(() => pinned(`llama@sha256:${text}`)).toThrow(expect.objectContaining({ param: 'model' }));
  });
});
