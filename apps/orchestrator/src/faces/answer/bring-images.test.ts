import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { done, type Call, type Context, type Generate } from '@tutti/core';
import { parseChatCompletion } from '@tutti/dialects/openai';
import { virtualClock } from '@tutti/testing';
import { describe, expect, it, onTestFinished } from 'vitest';
import { bringImages } from './bring-images.ts';

const clock = virtualClock();
const never = new AbortController().signal;

/** A server of pictures; the path says what it does. */
async function pictures(answers: Record<string, RequestListener>): Promise<number> {
  const server = createServer((request, response) => answers[request.url!]!(request, response));
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  onTestFinished(() => new Promise<void>((closed) => void server.close(() => closed())));
  onTestFinished(() => server.closeAllConnections());
  return (server.address() as AddressInfo).port;
}

const picture: RequestListener = (_, response) =>
  response.writeHead(200, { 'content-type': 'Image/PNG; q=1' }).end(Buffer.from([1, 2]));

function looking(...urls: readonly string[]): Call {
  const content = [{ type: 'text', text: 'look' }, ...urls.map((url) => ({ type: 'image_url', image_url: { url } }))];
  return parseChatCompletion(JSON.stringify({ model: 'm', messages: [{ role: 'user', content }] })).call;
}

/** What the model gets to see. */
async function seen(call: Call, options: Partial<Parameters<typeof bringImages>[0]> = {}, signal = never) {
  let got: Call | undefined;
  const model: Generate = async function* (received) {
    got = received;
    yield done({ reason: 'stop' });
  };
  const generate = bringImages({ clock, from: () => 'public', ...options })(model);
  for await (const _ of generate(call, { signal } as Context));
  if (got?.kind.case !== 'chat') throw new Error('the model got no chat');
  return got.kind.value.messages.flatMap(({ parts }) => parts.map(({ kind }) => kind));
}

const anywhere = { from: () => 'any' as const };

describe('images by URL', () => {
  it('take the place of their URLs, in order', async () => {
    const other: RequestListener = (_, response) =>
      response.writeHead(200, { 'content-type': 'image/gif' }).end(Buffer.from([3]));
    const port = await pictures({ '/a': picture, '/b': other });
    const call = looking(`http://127.0.0.1:${port}/a`, 'data:image/webp;base64,BA==', `http://127.0.0.1:${port}/b`);
    expect(await seen(call, anywhere)).toMatchObject([
      { value: 'look' },
      { value: { data: Buffer.from([1, 2]), mediaType: 'image/png' } },
      { value: { data: Uint8Array.from([4]), mediaType: 'image/webp' } },
      { value: { data: Buffer.from([3]), mediaType: 'image/gif' } },
    ]);
  });

  it('that are there already cost nothing', async () => {
    const call = looking('data:image/webp;base64,BA==');
    let got: Call | undefined;
    const model: Generate = async function* (received) {
      got = received;
    };
    for await (const _ of bringImages({ clock, from: () => 'off' })(model)(call, { signal: never } as Context));
    expect(got).toBe(call);
  });

  it.each([
    'http://127.0.0.1/x',
    'http://2130706433/',
    'http://0x7f.1/',
    'http://[::1]/',
    'http://[::ffff:127.0.0.1]/',
    'http://169.254.169.254/latest/meta-data/',
    'http://10.0.0.1/',
    'http://inside.test/',
  ])('are not fetched from this network: %s', async (url) => {
    const resolve = async () => ['8.8.8.8', '10.0.0.1'];
    await expect(seen(looking(url), { resolve })).rejects.toMatchObject({
      reason: 'invalid_request',
      param: 'messages[0].content[1]',
      message: expect.stringContaining('is not in the public internet'),
    });
  });

  it('are not fetched from this network by a public page that leads there', async () => {
    let asked = 0;
    const port = await pictures({
      '/away': (_, response) => response.writeHead(302, { location: `http://inside.test:${port}/cat` }).end(),
      '/cat': (request, response) => ((asked += 1), picture(request, response)),
    });
    // To this test, the only public address is the one on which its server listens.
    const resolve = async (name: string) => [name === 'inside.test' ? '10.0.0.1' : '127.0.0.1'];
    const isReachable = (address: string) => address === '127.0.0.1';
    const run = seen(looking(`http://outside.test:${port}/away`), { resolve, isReachable });
    await expect(run).rejects.toMatchObject({ message: expect.stringContaining('"inside.test" is not in the public') });
    expect(asked).toBe(0);
  });

  it('are refused for what they are not, by the part that names them', async () => {
    const port = await pictures({
      '/page': (_, response) => response.writeHead(200, { 'content-type': 'text/html' }).end('<p>'),
      '/gone': (_, response) => response.writeHead(404, { 'content-type': 'image/png' }).end(),
      '/file': (_, response) => response.writeHead(302, { location: 'file:///etc/passwd' }).end(),
      '/round': (_, response) => response.writeHead(302, { location: '/round' }).end(),
      '/large': (_, response) => {
        response.on('error', () => {});
        response.writeHead(200, { 'content-type': 'image/png' }).end(Buffer.alloc(20_000_001));
      },
    });
    for (const [path, said] of [
      ['page', 'sends text/html, which is no image'],
      ['gone', 'answered with status 404'],
      ['file', 'leads to something that is no page'],
      ['round', 'leads on more than 3 times'],
      ['large', 'has more than 20000000 bytes'],
    ] as const) {
      const run = seen(looking('data:image/webp;base64,BA==', `http://127.0.0.1:${port}/${path}`), anywhere);
      await expect(run, path).rejects.toMatchObject({
        ...{ reason: 'invalid_request', param: 'messages[0].content[2]' },
        message: expect.stringContaining(said),
      });
    }
  });

  it('are not fetched where that is off, and not without end', async () => {
    await expect(seen(looking('http://a.test/'), { from: () => 'off' })).rejects.toMatchObject({
      param: 'messages[0].content[1]',
      message: 'This server fetches no images; send them as data URLs.',
    });
    const many = Array.from({ length: 21 }, () => 'http://a.test/');
    await expect(seen(looking(...many))).rejects.toMatchObject({ message: 'At most 20 images are fetched, got 21.' });
  });

  it('are not more together than an agent takes', async () => {
    const body = Buffer.alloc(16_500_000);
    const large: RequestListener = (_, response) => {
      response.on('error', () => {});
      response.writeHead(200, { 'content-type': 'image/png' }).end(body);
    };
    const port = await pictures({ '/large': large });
    const url = `http://127.0.0.1:${port}/large`;
    await expect(seen(looking(url), anywhere)).resolves.toHaveLength(2);
    await expect(seen(looking(url, url), anywhere)).rejects.toMatchObject({
      ...{ reason: 'too_large', param: 'messages[0].content[2]' },
      message: expect.stringContaining('more than 32000000 bytes together'),
    });
  });

  it('find room while those of other calls leave it, also if one of these fails', async () => {
    const port = await pictures({
      '/a': picture,
      '/page': (_, response) => response.writeHead(200, { 'content-type': 'text/html' }).end('<p>'),
    });
    const model: Generate = async function* () {
      yield done({ reason: 'stop' });
    };
    const generate = bringImages({ clock, ...anywhere, mostBytes: 3 })(model);
    const ask = (...paths: string[]) => {
      const call = looking(...paths.map((path) => `http://127.0.0.1:${port}/${path}`));
      return generate(call, { signal: never } as Context)[Symbol.asyncIterator]();
    };
    await expect(ask('a', 'page').next()).rejects.toMatchObject({ reason: 'invalid_request' });
    const first = ask('a');
    await first.next();
    await expect(ask('a').next()).rejects.toMatchObject({ reason: 'overloaded', retryAfterMs: 5_000 });
    await first.return?.();
    await expect(ask('a').next()).resolves.toMatchObject({ done: false });
  });

  it('are given up after 10 s, and when the client has left', async () => {
    const asked = Promise.withResolvers<void>();
    let requests = 0;
    const port = await pictures({ '/slow': () => void ((requests += 1) === 1 && asked.resolve()) });
    const call = looking(`http://127.0.0.1:${port}/slow`);
    const slow = expect(seen(call, anywhere)).rejects.toMatchObject({ message: expect.stringContaining('10000 ms') });
    await asked.promise;
    await clock.advance(10_000);
    await slow;
    const client = new AbortController();
    const left = expect(seen(call, anywhere, client.signal)).rejects.toMatchObject({ reason: 'client_closed' });
    client.abort();
    await left;
  });
});
