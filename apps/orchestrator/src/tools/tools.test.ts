import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { virtualClock } from '@tutti/testing';
import { describe, expect, it, onTestFinished } from 'vitest';
import { arithmetic } from './arithmetic.ts';
import { calculator } from './calculator.ts';
import type { DefinedTool } from './define-tool.ts';
import { fetchUrl } from './fetch-url.ts';
import { isPublicAddress } from './public-address.ts';
import { createTools, type ToolRules } from './tools.ts';

const never = new AbortController().signal;
const usual: ToolRules = { calculator: 'auto', currentTime: 'auto', fetchUrl: 'auto', askMs: 600_000 };

describe('calculator', () => {
  it.each([
    ['2 + 3 * 4', 14],
    ['(2 + 3) * 4', 20],
    ['10 - 4 - 3', 3],
    ['2 ^ 3 ^ 2', 512],
    ['-2 ^ 2', -4],
    ['2 ^ -1', 0.5],
    ['2 ** 10 % 1000', 24],
    ['--3', 3],
    ['1.5e3 / .5', 3_000],
    ['max(1, 2 + 3, 4) - min(2, 1)', 4],
    ['SQRT(16) + round(pi)', 7],
  ])('%s = %d', (expression, value) => {
    expect(arithmetic(expression)).toBe(value);
  });

  it.each([
    '',
    '2 +',
    '2 3',
    '(1',
    '1)',
    '1 / 0',
    'sqrt(-1)',
    'constructor',
    'sin',
    'sin(1, 2)',
    'x + 1',
    '1; 2',
    '2 $ 3',
    '1'.repeat(501),
  ])('refuses "%.20s"', (expression) => {
    expect(() => arithmetic(expression)).toThrow(expect.objectContaining({ reason: 'invalid_request' }));
  });

  it('rounds away what binary fractions add, and checks its arguments', async () => {
    expect(await calculator.run({ expression: '0.1 + 0.2' }, never)).toBe('0.3');
    await expect(calculator.run({ expression: 1 }, never)).rejects.toMatchObject({ reason: 'invalid_request' });
  });
});

it('tools are used as the server’s owner wants it now', () => {
  const clock = virtualClock();
  let rules = usual;
  const tools = createTools({ clock, allowedUrls: () => [], rules: () => rules });
  expect(Object.keys(tools)).toEqual(['calculator', 'current_time', 'fetch_url']);
  rules = { calculator: 'deny', currentTime: 'auto', fetchUrl: 'ask', askMs: 5_000 };
  const found = Object.values(tools).map(({ name, policy, askMs }) => [name, policy, askMs]);
  expect(found).toEqual([
    ['calculator', 'deny', 5_000],
    ['current_time', 'auto', 5_000],
    ['fetch_url', 'ask', 5_000],
  ]);
});

it('current_time tells the time of a zone', async () => {
  const clock = virtualClock();
  const tool = createTools({ clock, allowedUrls: () => [], rules: () => usual }).current_time!;
  const time = new Date(clock.wallTime()).toISOString();
  expect(await tool.run({}, never)).toMatchObject({ time, timeZone: 'UTC' });
  const local = new Date(clock.wallTime()).toLocaleString('en-GB', {
    ...{ timeZone: 'Asia/Tokyo', dateStyle: 'full', timeStyle: 'long' },
  } as const);
  expect(await tool.run({ timeZone: 'Asia/Tokyo' }, never)).toMatchObject({ time, local });
  await expect(tool.run({ timeZone: 'Mars/Base' }, never)).rejects.toMatchObject({ reason: 'invalid_request' });
});

const inside = [
  ...['127.0.0.1', '127.255.255.254', '0.0.0.0', '10.1.2.3', '172.16.0.1', '172.31.255.255', '192.168.1.1'],
  ...['169.254.169.254', '100.64.0.1', '192.0.2.1', '198.18.0.1', '224.0.0.1', '255.255.255.255'],
  ...['::', '::1', '::ffff:127.0.0.1', '::ffff:8.8.8.8', '64:ff9b::a00:1', 'fe80::1', 'fc00::1', 'fd12::1', 'ff02::1'],
  ...['2001:db8::1', '2002:7f00:1::', 'localhost', ''],
];

it.each(inside)('%s is not in the public internet', (address) => {
  expect(isPublicAddress(address)).toBe(false);
});

it.each(['8.8.8.8', '172.15.0.1', '172.32.0.1', '100.128.0.1', '2606:4700:4700::1111'])('%s is', (address) => {
  expect(isPublicAddress(address)).toBe(true);
});

/** A page on this machine, which the tool takes for a public one unless told not to. */
async function serve(listener: RequestListener) {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  onTestFinished(() => server.closeAllConnections());
  return (server.address() as AddressInfo).port;
}

const fetched = (tool: DefinedTool, url: string) => tool.run({ url }, never);

describe('fetch_url', () => {
  const clock = virtualClock();
  const resolve = async (name: string) => (name === 'inside.test' ? ['8.8.8.8', '10.0.0.1'] : ['127.0.0.1']);
  const isReachable = (address: string): boolean => address === '127.0.0.1';
  const toolFor = (...allowed: string[]): DefinedTool =>
    fetchUrl({ allowed: () => allowed, clock, resolve, isReachable });

  it('fetches nothing unless it is allowed', async () => {
    const tool = createTools({ clock, allowedUrls: () => [], rules: () => usual }).fetch_url!;
    await expect(fetched(tool, 'https://example.com/')).rejects.toMatchObject({
      message: 'This server allows no URL to be fetched.',
    });
  });

  it.each(['http://page.test/docs/a', 'http://page.test/docs'])('fetches %s, which is', async (url) => {
    const seen: unknown[] = [];
    const port = await serve((request, response) => {
      seen.push(request.url, request.headers.host);
      response.setHeader('content-type', 'text/plain');
      response.end('hello');
    });
    const at = url.replace('page.test', `page.test:${port}`);
    const page = await fetched(toolFor(`http://page.test:${port}/docs`), at);
    expect(page).toEqual({ url: at, status: 200, text: 'hello' });
    expect(seen).toEqual([new URL(at).pathname, `page.test:${port}`]);
  });

  it.each([
    ['https://page.test/docs/'],
    ['http://page.test/docs-too/'],
    ['http://page.test/docs/../secret'],
    ['http://page.test.evil.test/docs/'],
    ['http://user@page.test/docs/'],
    ['http://page.test:81/docs/'],
  ])('does not fetch %s, which is not', async (url) => {
    await expect(fetched(toolFor('http://page.test/docs'), url)).rejects.toMatchObject({ reason: 'forbidden' });
  });

  it.each(['file:///etc/passwd', 'ftp://page.test/', 'not a url'])('refuses %s', async (url) => {
    await expect(fetched(toolFor(url), url)).rejects.toMatchObject({ reason: 'invalid_request' });
  });

  it('does not reach hosts with an address that is not public, whatever is allowed', async () => {
    const tool = fetchUrl({
      allowed: () => ['http://127.0.0.1/', 'http://[::1]/', 'http://name.test/'],
      clock,
      resolve,
    });
    for (const url of [
      'http://127.0.0.1/',
      'http://2130706433/',
      'http://0x7f.1/',
      'http://[::1]/',
      'http://name.test/',
    ]) {
      const refused = { reason: 'forbidden', message: expect.stringContaining('not in the public') as string };
      await expect(fetched(tool, url), url).rejects.toMatchObject(refused);
    }
    const partly = fetchUrl({ allowed: () => ['http://inside.test/'], clock, resolve });
    await expect(fetched(partly, 'http://inside.test/')).rejects.toMatchObject({
      reason: 'forbidden',
    });
  });

  it('checks where a page leads, and does not follow for ever', async () => {
    let to = '';
    const port = await serve((_request, response) => response.writeHead(302, { location: to }).end());
    const base = `http://page.test:${port}/docs/`;
    const tool = toolFor(base, `http://inside.test:${port}/`);
    for (const [location, reason] of [
      [`http://other.test:${port}/`, 'forbidden'],
      [`http://inside.test:${port}/`, 'forbidden'],
      ['/elsewhere', 'forbidden'],
      ['file:///etc/passwd', 'bad_upstream'],
      ['again', 'bad_upstream'],
    ] as const) {
      to = location;
      await expect(fetched(tool, base), location).rejects.toMatchObject({ reason });
    }
  });

  it('takes no more than it can use: no endless page, no pictures, no silence', async () => {
    const kinds: Record<string, RequestListener> = {
      '/large': (_request, response) => {
        response.on('error', () => {});
        response.writeHead(200, { 'content-type': 'text/html' }).end('x'.repeat(1_100_000));
      },
      '/long': (_request, response) => response.writeHead(200).end('x'.repeat(30_000)),
      '/picture': (_request, response) => response.writeHead(200, { 'content-type': 'image/png' }).end('x'),
      '/broken': (request) => request.socket.destroy(),
    };
    const port = await serve((request, response) => kinds[request.url!]!(request, response));
    const base = `http://page.test:${port}/`;
    const outcome = (path: string) =>
      fetched(toolFor(base), base + path).catch((thrown: { reason: string }) => thrown.reason);
    expect(await outcome('long')).toMatchObject({ text: 'x'.repeat(20_000) });
    expect(await outcome('large')).toBe('too_large');
    expect(await outcome('picture')).toBe('unsupported_media');
    expect(await outcome('broken')).toBe('node_unreachable');
  });

  it('waits for a name no longer than for a page, nor when nobody waits', async () => {
    const resolve = () => new Promise<never>(() => {});
    const tool = fetchUrl({ allowed: () => ['http://page.test/'], clock, resolve, isReachable });
    const slow = expect(fetched(tool, 'http://page.test/')).rejects.toMatchObject({ reason: 'upstream_timeout' });
    await clock.advance(10_000);
    await slow;
    const left = new AbortController();
    const given = expect(tool.run({ url: 'http://page.test/' }, left.signal)).rejects.toMatchObject({
      reason: 'client_closed',
    });
    left.abort();
    await given;
    expect(clock.pending).toBe(0);
  });

  it('ends when a page takes too long, and when nobody waits for it', async () => {
    const asked = Promise.withResolvers<void>();
    let requests = 0;
    const port = await serve(() => void ((requests += 1) === 1 && asked.resolve()));
    const base = `http://page.test:${port}/`;
    const slow = expect(fetched(toolFor(base), base)).rejects.toMatchObject({ reason: 'upstream_timeout' });
    await asked.promise;
    await clock.advance(10_000);
    await slow;
    const left = new AbortController();
    const given = expect(toolFor(base).run({ url: base }, left.signal)).rejects.toMatchObject({
      reason: 'client_closed',
    });
    left.abort();
    await given;
  });
});
