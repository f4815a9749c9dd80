import { hostname } from 'node:os';
import { afterEach, describe, expect, it } from 'vitest';
import { Permission } from '@tutti/proto/tutti/v1/options';
import { createLog } from '@tutti/runtime/log';
import { createHttpServer } from '../faces/http/http-server.ts';
import { permitRoutes } from './guard.ts';
import { guardedApp } from './guarded-app.fixture.ts';

type Served = Awaited<ReturnType<typeof guardedApp>>;
const served: Served[] = [];

afterEach(async () => {
  for (const { close } of served.splice(0)) await close();
});

async function serve(options: Partial<Parameters<typeof guardedApp>[0]> = {}): Promise<Served['app']> {
  const one = await guardedApp({ exposed: false, ...options });
  served.push(one);
  return one.app;
}

const statusFor = async (app: Served['app'], headers: Record<string, string>, method: 'GET' | 'POST' = 'GET') =>
  (await app.inject({ method, url: '/', headers: { host: 'localhost', ...headers } })).statusCode;

describe('a route', () => {
  const log = createLog({ service: 'test', level: 'error' });

  it('without a permission keeps the server from starting', async () => {
    const app = createHttpServer({ log });
    app.get('/new', async () => 'secret');
    await expect(app.ready()).rejects.toThrow('The route GET /new says no permission');
  });

  it('of a plugin needs one, too, and can be given it from outside', async () => {
    const plugin = async (scope: Served['app']) => void scope.get('/page', async () => 'page');
    const bare = createHttpServer({ log });
    bare.register(plugin);
    await expect(bare.ready()).rejects.toThrow('GET /page');
    const app = createHttpServer({ log });
    app.register(async (scope) => {
      permitRoutes(scope, Permission.PUBLIC);
      await scope.register(plugin);
    });
    for (const method of ['GET', 'HEAD'] as const) {
      expect((await app.inject({ method, url: '/page', headers: { host: 'localhost' } })).statusCode).toBe(200);
    }
  });
});

describe('the host that a request names', () => {
  const ours = ['localhost', 'LOCALHOST:3001', 'a.localhost', '127.0.0.1:3001', '[::1]:3001', '[::1]', hostname()];
  const ofContainers = ['host.docker.internal:3001'];
  const addresses = ['192.0.2.7', '0.0.0.0:3001', '[2001:db8::1]:80'];
  const strange = ['evil.example', 'localhost.evil.example', '127.0.0.1.evil.example', 'evil.example:3001', '[evil]'];
  const inside = ['orchestrator:3001', 'gpu.local', 'tutti.internal', 'box.home.arpa'];

  it.each([...ours, ...ofContainers, ...addresses])('%s is ours', async (host) => {
    expect(await statusFor(await serve(), { host })).toBe(200);
  });

  it.each(strange)('%s is not', async (host) => {
    expect(await statusFor(await serve(), { host })).toBe(403);
    expect(await statusFor(await serve({ exposed: true }), { host })).toBe(403);
  });

  it.each(inside)('%s is ours if other machines can come: no stranger has that name', async (host) => {
    expect(await statusFor(await serve(), { host })).toBe(403);
    expect(await statusFor(await serve({ exposed: true }), { host })).toBe(200);
  });

  it('may be allowed', async () => {
    let names: string[] = [];
    const app = await serve({ allowedHosts: () => names });
    expect(await statusFor(app, { host: 'llm.example.com' })).toBe(403);
    names = ['*.Example.com'];
    expect(await statusFor(app, { host: 'llm.example.com:3001' })).toBe(200);
  });

  it('is looked at before there is an answer to anything', async () => {
    const { statusCode, body } = await (await serve()).inject({ url: '/nothing', headers: { host: 'evil.example' } });
    expect(statusCode).toBe(403);
    expect(body).toContain('allowedHosts');
  });
});

describe('the origin of a page', () => {
  const local = [
    'http://localhost',
    'http://localhost:5173',
    'https://127.0.0.1:8080',
    'http://[::1]:3000',
    'http://tauri.localhost',
    'tauri://localhost',
    'app://obsidian.md',
    'file://',
    'vscode-webview://1a2b',
  ];
  const strange = ['https://evil.example', 'null', 'http://localhost.evil.example', 'http://evil.example:3001', ''];

  it.each(local)('%s may use a server of this machine only', async (origin) => {
    expect(await statusFor(await serve(), { origin })).toBe(200);
    expect(await statusFor(await serve({ exposed: true }), { origin, host: '192.0.2.7' })).toBe(403);
  });

  it.each(strange)('%j may not', async (origin) => {
    expect(await statusFor(await serve(), { origin })).toBe(403);
    expect(await statusFor(await serve({ exposed: true }), { origin })).toBe(403);
  });

  it('is checked on a simple POST, which a browser sends without asking first', async () => {
    const app = await serve();
    const post = (origin: string) =>
      app.inject({
        method: 'POST',
        url: '/api/chat',
        headers: { host: 'localhost', origin },
        payload: '{"model":"m"}',
      });
    expect((await post('https://evil.example')).statusCode).toBe(403);
    expect((await post('http://localhost')).statusCode).not.toBe(403);
  });

  it('may be our own', async () => {
    const app = await serve({ exposed: true });
    expect(await statusFor(app, { host: '192.0.2.7:3001', origin: 'http://192.0.2.7:3001' })).toBe(200);
    expect(await statusFor(app, { host: '192.0.2.7:3001', origin: 'https://192.0.2.7:3001' })).toBe(200);
    expect(await statusFor(app, { host: '192.0.2.7:3001', origin: 'http://192.0.2.7:80' })).toBe(403);
  });

  it('may be allowed, and then reads the answer, also a refusal', async () => {
    const app = await serve({ exposed: true, allowedOrigins: () => ['https://chat.example'] });
    const headers = { host: 'localhost', origin: 'https://chat.example' };
    const answer = await app.inject({ url: '/api/tags', headers });
    expect(answer.statusCode).toBe(401);
    expect(answer.headers).toMatchObject({ 'access-control-allow-origin': 'https://chat.example', vary: 'origin' });
    expect(answer.headers).not.toHaveProperty('access-control-allow-credentials');
  });

  it('is told before the request whether it may, without a key', async () => {
    const app = await serve({ exposed: true, allowedOrigins: () => ['https://chat.example'] });
    const preflight = (origin: string) =>
      app.inject({
        method: 'OPTIONS',
        url: '/v1/chat/completions',
        headers: {
          ...{ host: 'localhost', origin, 'access-control-request-method': 'POST' },
          'access-control-request-headers': 'authorization,x-stainless-os',
        },
      });
    const yes = await preflight('https://chat.example');
    expect(yes.statusCode).toBe(204);
    expect(yes.headers).toMatchObject({
      'access-control-allow-origin': 'https://chat.example',
      'access-control-allow-headers': 'authorization,x-stainless-os',
    });
    const no = await preflight('https://evil.example');
    expect(no.statusCode).toBe(403);
    expect(no.headers).not.toHaveProperty('access-control-allow-origin');
  });
});

describe('a browser that opens a page', () => {
  const open = async (app: Served['app'], method: 'GET' | 'POST', accept: string) =>
    app.inject({ method, url: '/api/logs', headers: { host: 'localhost', accept } });

  it('is asked for a key, by a page that loads nothing', async () => {
    const app = await serve({ exposed: true });
    const { statusCode, headers, body } = await open(app, 'GET', 'text/html,application/xhtml+xml,*/*;q=0.8');
    expect(statusCode).toBe(401);
    expect(headers['content-type']).toBe('text/html; charset=utf-8');
    expect(headers['content-security-policy']).toContain("default-src 'none'");
    expect(body).toContain('<form');
    expect(body).not.toMatch(/(src|href)=/);
  });

  it('is not, where a program asks', async () => {
    const app = await serve({ exposed: true });
    for (const [method, accept] of [
      ['GET', '*/*'],
      ['GET', 'application/json'],
      ['POST', 'text/html'],
    ] as const) {
      expect((await open(app, method, accept)).headers['content-type']).not.toContain('html');
    }
  });
});

describe('behind a proxy', () => {
  const ask = async (app: Served['app'], from: string) =>
    (
      await app.inject({
        url: '/api/tags',
        remoteAddress: '127.0.0.1',
        headers: { host: 'localhost', 'x-api-key': 'wrong', 'x-forwarded-for': from },
      })
    ).statusCode;

  it('wrong keys are counted by the address that the proxy names, if it is one of ours', async () => {
    const app = await serve({ exposed: true, trustProxy: ['127.0.0.1'] });
    for (let i = 0; i < 10; i++) await ask(app, '192.0.2.1');
    expect(await ask(app, '192.0.2.1')).toBe(429);
    expect(await ask(app, '192.0.2.2')).toBe(401);
  });

  it('nobody hides behind a header of their own', async () => {
    const app = await serve({ exposed: true, trustProxy: ['192.0.2.99'] });
    for (let i = 0; i < 10; i++) await ask(app, `192.0.2.${i}`);
    expect(await ask(app, '192.0.2.77')).toBe(429);
  });
});
