import { gunzipSync } from 'node:zlib';
import { Permission } from '@tutti/proto/tutti/v1/options';
import { createLog } from '@tutti/runtime/log';
import { describe, expect, it, onTestFinished } from 'vitest';
import { guardedApp } from '../../access/guarded-app.fixture.ts';
import { routeHeaders } from '../docs/call-headers.ts';
import { createHttpServer } from './http-server.ts';

const config = { permission: Permission.VIEW };
const long = { list: Array.from({ length: 500 }, (_, index) => ({ name: `model-${index}` })) };

function serve() {
  const app = createHttpServer({ log: createLog({ service: 'test', level: 'silent' }) });
  onTestFinished(() => app.close());
  app.get('/api/list', { config }, async () => long);
  app.get('/api/short', { config }, async () => ({ a: 1 }));
  app.post('/api/list', { config }, async () => long);
  app.get('/v1/models/*', { config }, async () => ({}));
  app.get('/lines', { config }, async (_, reply) => reply.type('application/x-ndjson').send('{}\n'.repeat(1_000)));
  app.get('/events', { config }, async (_, reply) => reply.type('text/event-stream').send('data: 1\n\n'.repeat(500)));
  return app;
}

describe('compression', () => {
  const ask = (url: string, encodings: string | undefined, method: 'GET' | 'HEAD' | 'POST' = 'GET') =>
    serve().inject({ method, url, headers: encodings === undefined ? {} : { 'accept-encoding': encodings } });

  it.each(['gzip', 'br, gzip;q=0.5', 'deflate, *'])('packs a long list for "%s"', async (encodings) => {
    const { headers, rawPayload } = await ask('/api/list', encodings);
    expect(headers).toMatchObject({ 'content-encoding': 'gzip', vary: 'accept-encoding' });
    expect(Number(headers['content-length'])).toBe(rawPayload.byteLength);
    expect(rawPayload.byteLength).toBeLessThan(JSON.stringify(long).length / 4);
    expect(JSON.parse(gunzipSync(rawPayload).toString('utf8'))).toEqual(long);
  });

  it.each([undefined, '', 'br', 'gzip;q=0', 'gzip;q=0, *'])('does not for %j', async (encodings) => {
    const { headers, body } = await ask('/api/list', encodings);
    expect(headers).not.toHaveProperty('content-encoding');
    expect(headers).toMatchObject({ vary: 'accept-encoding' });
    expect(JSON.parse(body)).toEqual(long);
  });

  it('answers HEAD as GET, without the body', async () => {
    const [whole, head] = await Promise.all([ask('/api/list', 'gzip'), ask('/api/list', 'gzip', 'HEAD')]);
    expect(head.statusCode).toBe(200);
    expect(head.body).toBe('');
    for (const name of ['content-type', 'content-encoding', 'content-length', 'vary'])
      expect(head.headers[name], name).toBe(whole.headers[name]);
  });

  it.each(['/lines', '/events', '/api/short'])('leaves %s alone', async (url) => {
    expect((await ask(url, 'gzip')).headers).not.toHaveProperty('content-encoding');
  });

  it('leaves answers to calls alone', async () => {
    expect((await ask('/api/list', 'gzip', 'POST')).headers).not.toHaveProperty('content-encoding');
  });

  it('is nothing that a page of another origin is told instead of its own header', async () => {
    const headers = { 'accept-encoding': 'gzip', origin: 'http://localhost:5173' };
    const answer = await serve().inject({ url: '/api/list', headers });
    expect(answer.headers).toMatchObject({ 'content-encoding': 'gzip', vary: 'origin, accept-encoding' });
  });
});

describe('OPTIONS', () => {
  it.each([
    ['/api/list', 'GET, HEAD, POST, OPTIONS'],
    ['/v1/models/a/b:c', 'GET, HEAD, OPTIONS'],
  ])('tells what %s allows, without a key', async (url, allow) => {
    const { statusCode, headers, body } = await serve().inject({ method: 'OPTIONS', url });
    expect([statusCode, headers['allow'], body]).toEqual([204, allow, '']);
  });

  it('is 404 where nothing is', async () => {
    expect((await serve().inject({ method: 'OPTIONS', url: '/nothing' })).statusCode).toBe(404);
  });
});

describe('a page of another origin', () => {
  const origin = 'https://chat.example.org';
  const exposed = async () => {
    const served = await guardedApp({ exposed: true, allowedOrigins: () => [origin] });
    onTestFinished(() => served.close());
    return served;
  };
  const preflight = { host: 'localhost', 'access-control-request-method': 'POST' };

  it.each(['/api/chat', '/v1/chat/completions', '/v1/messages', '/api/nodes'])(
    'may ask about %s without a key, if it is allowed',
    async (url) => {
      const { app } = await exposed();
      const asked = { ...preflight, 'access-control-request-headers': 'authorization,x-api-key,idempotency-key' };
      const { statusCode, headers } = await app.inject({ method: 'OPTIONS', url, headers: { ...asked, origin } });
      expect(statusCode).toBe(204);
      expect(headers).toMatchObject({
        'access-control-allow-origin': origin,
        'access-control-allow-headers': asked['access-control-request-headers'],
      });
      const other = { ...asked, origin: 'https://evil.example.org' };
      expect((await app.inject({ method: 'OPTIONS', url, headers: other })).statusCode).toBe(403);
    },
  );

  it('may read every header that an answer has of ours', async () => {
    const { app } = await exposed();
    const { headers } = await app.inject({ url: '/api/version', headers: { host: 'localhost', origin } });
    const readable = String(headers['access-control-expose-headers']).split(', ');
    expect(readable).toEqual(
      expect.arrayContaining([...Object.keys(routeHeaders), 'x-should-retry', 'retry-after-ms']),
    );
  });
});

describe('what the server itself refuses', () => {
  /** Each face's way of telling an error, and a path of it. */
  const faces = [
    { path: '/v1/chat/completions', shape: { error: { message: '', type: '', param: null, code: '' } } },
    { path: '/api/chat', shape: { error: '' } },
    { path: '/v1/messages', shape: { type: 'error', error: { type: '', message: '' }, request_id: '' } },
    { path: '/api/nodes', shape: { type: '', title: '', status: 0, detail: '', instance: '', code: '' } },
  ];

  it.each(faces)('is told as $path tells errors', async ({ path, shape }) => {
    const { app, close, keys } = await guardedApp({ exposed: true });
    onTestFinished(close);
    const { text } = await keys.make({ name: 'k', role: 'admin', modelsWrite: true });
    const headers = { host: 'localhost', 'x-api-key': text };
    const refusals = [
      { status: 401, ask: { method: 'POST', url: path, headers: { host: 'localhost' }, payload: '{}' } },
      { status: 403, ask: { method: 'POST', url: path, headers: { ...headers, host: 'elsewhere.example' } } },
      { status: 404, ask: { method: 'GET', url: `${path}/nothing/there`, headers } },
      { status: 405, ask: { method: 'PUT', url: path, headers } },
      { status: 413, ask: { method: 'POST', url: path, headers, payload: Buffer.alloc(33 * 2 ** 20, 32) } },
      {
        status: 415,
        ask: { method: 'POST', url: path, headers: { ...headers, 'content-encoding': 'gzip' }, payload: 'x' },
      },
    ] as const;
    for (const { status, ask } of refusals) {
      const answer = await app.inject(ask);
      expect(answer.statusCode, `${status}`).toBe(status);
      expect(Object.keys(answer.json()), `${status}`).toEqual(
        expect.arrayContaining(Object.keys(shape).filter((name) => name !== 'request_id')),
      );
      const { error } = answer.json() as { error?: unknown };
      expect(typeof error, `${status}`).toBe(typeof (shape as { error?: unknown }).error);
      expect(answer.headers, `${status}`).toMatchObject({
        'x-request-id': expect.any(String),
        'x-should-retry': 'false',
      });
      if (status === 405) expect(answer.headers['allow']).toContain('POST');
      if (status === 401) expect(answer.headers['www-authenticate']).toBe('Bearer');
    }
  });
});
