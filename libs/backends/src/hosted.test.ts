import { ClusterError } from '@tutti/core';
import { virtualClock } from '@tutti/testing';
import { describe, expect, it } from 'vitest';
import { createRefusals, isCloudServer, serverUrl, unlessRefused } from './hosted.ts';

describe('a server is in a cloud', () => {
  it.each([
    'https://api.openai.com/v1',
    'https://openrouter.ai/api/v1',
    'http://8.8.8.8:8080/v1',
    'http://172.32.0.1/v1',
    'http://[2606:4700::1]/v1',
    'http://10.0.0.1.example.com/v1',
  ])('at %s', (url) => {
    expect(isCloudServer({ url, trust: undefined })).toBe(true);
    expect(isCloudServer({ url, trust: 'cluster' })).toBe(false);
  });
});

describe('a server is near', () => {
  it.each([
    'http://127.0.0.1:8080/v1',
    'http://localhost:1234/v1',
    'http://10.1.2.3/v1',
    'http://172.31.0.1/v1',
    'http://192.168.1.20:8000/v1',
    'http://100.100.1.1/v1',
    'http://[::1]:8080/v1',
    'http://[fd00::1]/v1',
    'http://[::ffff:192.168.1.1]/v1',
    'http://gpu0:8000/v1',
    'http://gpu0.local:8000/v1',
  ])('at %s', (url) => {
    expect(isCloudServer({ url, trust: undefined })).toBe(false);
    expect(isCloudServer({ url, trust: 'cloud' })).toBe(true);
  });
});

describe('the address of a server', () => {
  it.each([
    ['http://h:1', 'http://h:1/v1'],
    ['http://h:1/', 'http://h:1/v1'],
    ['http://h:1/v1/', 'http://h:1/v1'],
    ['https://openrouter.ai/api/v1', 'https://openrouter.ai/api/v1'],
  ])('%s is %s', (url, expected) => {
    expect(serverUrl(url, '/v1')).toBe(expected);
  });

  it.each(['h:1', 'ftp://h', ''])('%j is none', (url) => {
    expect(() => serverUrl(url, '/v1')).toThrow(expect.objectContaining({ reason: 'invalid_request' }));
  });
});

describe('a key that a server refuses', () => {
  const setUp = (wanted?: readonly string[]) => {
    const clock = virtualClock();
    const parseError = (_: number, { text }: { readonly text: string }) => new ClusterError('upstream_error', text);
    const refusals = createRefusals({ url: 'http://h', apiKey: 'sk-secret', clock }, parseError);
    const found = { backend: { kind: 'openai' }, models: [{ name: 'listed' }], runners: [] };
    const read = unlessRefused(refusals, { kind: 'openai', wanted, cloud: true }, async () => found);
    const refuse = (status: number) => refusals.parseError(status, { text: 'not sk-secret', retryAfter: undefined });
    return { clock, found, refuse, read: () => read(new AbortController().signal) };
  };

  it('is the problem of its node for a while, without the key', async () => {
    const { clock, found, refuse, read } = setUp();
    expect(await read()).toBe(found);
    expect(refuse(401).message).toBe('not ***');
    await expect(read()).rejects.toMatchObject({ message: 'not ***' });
    await clock.advance(15_000);
    expect(await read()).toBe(found);
  });

  it('leaves it with the models that it is said to have', async () => {
    const { refuse, read } = setUp(['m']);
    refuse(401);
    expect(await read()).toEqual({
      backend: { kind: 'openai', problem: 'not ***' },
      models: [{ name: 'm', capabilities: ['cloud'] }],
      runners: [],
    });
  });

  it.each([400, 403, 429, 500])('is not what a server says with status %i', async (status) => {
    const { found, refuse, read } = setUp();
    refuse(status);
    expect(await read()).toBe(found);
  });
});
