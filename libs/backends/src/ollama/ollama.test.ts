import { createServer, type RequestListener, type Server } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { chatCall, collect, contextWith } from '../calls.fixture.ts';
import type { Backend } from '../backend.ts';
import { openOllama } from './ollama.ts';

let server: Server;
let backend: Backend;

afterEach(async () => {
  await backend.close();
  server.closeAllConnections();
  server.close();
});

/** A backend before a server that answers as the test says. */
async function openWith(listener: RequestListener): Promise<void> {
  server = createServer(listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  backend = await openOllama({ llamaBaseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
}

const inventory = () => backend.inventory(new AbortController().signal);

it('an answer that was complete when the connection broke is complete', async () => {
  await openWith((_, response) => {
    response.write('{"message":{"role":"assistant","content":"hi"},"done":false}\n');
    response.write('{"message":{"role":"assistant","content":""},"done":true,"done_reason":"stop"}\n', () =>
      response.destroy(),
    );
  });
  const { text, done, error } = await collect(backend.generate(chatCall('m', 'hello'), contextWith()));
  expect(error).toBeUndefined();
  expect([text, done?.reason]).toEqual(['hi', 'stop']);
});

it('what comes after the end is passed over', async () => {
  await openWith((_, response) => {
    response.end(
      '{"message":{"content":"hi"},"done":true,"done_reason":"stop"}\n{"message":{"content":"more"},"done":false}\n',
    );
  });
  expect((await collect(backend.generate(chatCall('m', 'hello'), contextWith()))).text).toBe('hi');
});

describe('the inventory', () => {
  const tags = {
    models: ['good', 'bad'].map((name) => ({ name, digest: name, size: 1, details: {}, modified_at: '' })),
  };
  const ps = { models: [{ name: 'good', digest: 'good', size: 1, details: {}, expires_at: 'never ever' }] };

  const answers =
    (show: (name: string) => object | undefined, listed = tags): RequestListener =>
    async (request, response) => {
      const body = Buffer.concat(await Array.fromAsync(request as AsyncIterable<Buffer>)).toString('utf8');
      const found =
        { '/api/version': { version: '1' }, '/api/tags': listed, '/api/ps': ps }[request.url!] ??
        show((JSON.parse(body) as { model: string }).model);
      response.statusCode = found ? 200 : 500;
      response.end(JSON.stringify(found ?? { error: 'corrupt' }));
    };

  it('lists a model that cannot be shown, and all the others', async () => {
    await openWith(answers((name) => (name === 'good' ? { capabilities: ['completion'], model_info: {} } : undefined)));
    const { models } = await inventory();
    expect(models.map(({ name, capabilities }) => [name, capabilities])).toEqual([
      ['good', ['completion']],
      ['bad', []],
    ]);
  });

  it.each<[string, object, object | undefined]>([
    ['/api/tags', { remote_host: 'https://ollama.com' }, undefined],
    ['/api/show', {}, { remote_host: 'https://ollama.com' }],
  ])('tells that a model runs in a cloud where only %s does', async (_, listed, shown) => {
    const models = [{ ...tags.models[0]!, ...listed }];
    await openWith(answers(() => shown, { models }));
    expect((await inventory()).models.map(({ capabilities }) => capabilities)).toEqual([['cloud']]);
  });

  it('leaves out a date that is none', async () => {
    await openWith(answers(() => ({})));
    expect((await inventory()).runners[0]).not.toHaveProperty('expiresInMs');
  });

  it('says so when the server is no Ollama', async () => {
    await openWith((_, response) => void response.end('<html>'));
    await expect(inventory()).rejects.toMatchObject({ reason: 'bad_upstream' });
  });

  it('says so when nobody listens', async () => {
    await openWith(() => {});
    server.close();
    server.closeAllConnections();
    await expect(inventory()).rejects.toMatchObject({
      reason: 'upstream_error',
      message: expect.stringContaining('is Ollama running?') as string,
    });
  });
});
