import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { guardedApp } from '../../access/guarded-app.fixture.ts';

const facts = { name: 'web', role: 'viewer', modelsWrite: false } as const;

let served: Awaited<ReturnType<typeof guardedApp>>;

beforeEach(async () => {
  served = await guardedApp({ exposed: true, trustProxy: ['127.0.0.1'] });
});
afterEach(() => served.close());

function signIn(headers: Record<string, string>, payload?: string) {
  return served.app.inject({
    ...{ method: 'POST', url: '/api/session', headers: { host: 'localhost', ...headers } },
    ...(payload !== undefined && { payload }),
  });
}

const cookieOf = ({ headers }: { headers: Record<string, unknown> }) => String(headers['set-cookie']).split(';', 1)[0]!;

const statusWith = async (cookie: string, method: 'GET' | 'DELETE' = 'GET', url = '/api/tags') =>
  (await served.app.inject({ method, url, headers: { host: 'localhost', cookie } })).statusCode;

describe('a session', () => {
  it.each(['header', 'body'])('is opened by a key in the %s, and opens what the key opens', async (where) => {
    const { text } = await served.keys.make(facts);
    const answer = await (where === 'header'
      ? signIn({ authorization: `Bearer ${text}` })
      : signIn({}, JSON.stringify({ key: text })));
    expect(answer.statusCode).toBe(200);
    expect(answer.json()).toEqual({ name: 'web', role: 'viewer', expiresInMs: 43_200_000 });
    expect(answer.headers['set-cookie']).toMatch(
      /^tutti_session=[\w-]{43}; Path=\/; Max-Age=43200; HttpOnly; SameSite=Strict$/,
    );
    expect(await statusWith(cookieOf(answer))).toBe(200);
    expect(await statusWith(cookieOf(answer), 'GET', '/api/keys')).toBe(403);
  });

  it('ends with none of the sessions that another key opens', async () => {
    const { text } = await served.keys.make(facts);
    const own = cookieOf(await signIn({ authorization: `Bearer ${text}` }));
    const { key } = await served.keys.make({ ...facts, name: 'busy' });
    const others = Array.from({ length: 10_100 }, () => served.sessions.open(key.id));
    expect(await statusWith(own)).toBe(200);
    expect(others.filter((secret) => served.sessions.keyOf(secret) !== undefined)).toHaveLength(100);
  });

  it('is not opened by more than a key', async () => {
    expect((await signIn({}, `{"key":"${'x'.repeat(2_000)}"}`)).statusCode).toBe(413);
  });

  it('is sent over TLS only, if it came over TLS', async () => {
    const { text } = await served.keys.make(facts);
    const answer = await signIn({ 'x-api-key': text, 'x-forwarded-proto': 'https' });
    expect(answer.headers['set-cookie']).toMatch(/; Secure$/);
  });

  it('ends after twelve hours', async () => {
    const { text } = await served.keys.make(facts);
    const cookie = cookieOf(await signIn({ 'x-api-key': text }));
    await served.clock.advance(12 * 3_600_000 - 1);
    expect(await statusWith(cookie)).toBe(200);
    await served.clock.advance(1);
    expect(await statusWith(cookie)).toBe(401);
  });

  it('ends with its key', async () => {
    const { key, text } = await served.keys.make(facts);
    const cookie = cookieOf(await signIn({ 'x-api-key': text }));
    await served.keys.revoke(key.id);
    expect(await statusWith(cookie)).toBe(401);
  });

  it('ends when the browser signs out, which tells it to forget the cookie', async () => {
    const { text } = await served.keys.make(facts);
    const cookie = cookieOf(await signIn({ 'x-api-key': text }));
    const { statusCode, headers } = await served.app.inject({
      ...{ method: 'DELETE', url: '/api/session', headers: { host: 'localhost', cookie } },
    });
    expect(statusCode).toBe(204);
    expect(headers['set-cookie']).toMatch(/^tutti_session=; Path=\/; Max-Age=0;/);
    expect(await statusWith(cookie)).toBe(401);
  });

  it('ends when the browser signs in anew, also as someone else', async () => {
    const [one, two] = [await served.keys.make(facts), await served.keys.make({ ...facts, role: 'admin' })];
    const cookie = cookieOf(await signIn({ 'x-api-key': one.text }));
    const answer = await signIn({ 'x-api-key': two.text, cookie });
    expect(answer.json()).toMatchObject({ role: 'admin' });
    expect(await statusWith(cookie)).toBe(401);
  });
});

describe('signing in', () => {
  it('with a wrong key gives nothing, and is counted', async () => {
    for (let i = 0; i < 10; i++) {
      const { statusCode, headers } = await signIn({}, '{"key":"wrong"}');
      expect(statusCode).toBe(401);
      expect(headers).not.toHaveProperty('set-cookie');
    }
    expect((await signIn({}, '{"key":"wrong"}')).statusCode).toBe(429);
  });

  it.each(['{', '[]', '{"key":1}', '{"key":{"$gt":""}}', 'key=x'])('with the body %s is 400', async (payload) => {
    expect((await signIn({}, payload)).statusCode).toBe(400);
  });

  it('without anything is 401', async () => {
    expect((await signIn({})).statusCode).toBe(401);
  });

  it('from a page of another site is refused', async () => {
    const { text } = await served.keys.make(facts);
    expect((await signIn({ 'x-api-key': text, origin: 'https://evil.example' })).statusCode).toBe(403);
  });

  it('is not needed where other machines cannot come', async () => {
    const local = await guardedApp({ exposed: false });
    const answer = await local.app.inject({ method: 'POST', url: '/api/session', headers: { host: 'localhost' } });
    await local.close();
    expect(answer.json()).toEqual({ name: 'local', role: 'admin' });
    expect(answer.headers).not.toHaveProperty('set-cookie');
  });
});
