import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { guardedApp } from './guarded-app.fixture.ts';

let served: Awaited<ReturnType<typeof guardedApp>>;
beforeAll(async () => {
  served = await guardedApp({ exposed: true });
});
afterAll(() => served.close());

it('a secret stands in the one answer that shows it, and in no other answer, error or line of the log', async () => {
  const { app, keys, store, lines, routes } = served;
  const admin = keys.firstAdminKey!;
  const answers: string[] = [];
  // The log masks what looks like a key; what it is told must be clean before that.
  const told = (['error', 'warn', 'info', 'debug'] as const).map((level) => vi.spyOn(served.log, level));
  const ask = async (method: string, url: string, headers: Record<string, string>, payload?: string) => {
    const request = { method: method as 'GET', url, headers: { host: 'localhost', ...headers } };
    const answer = await app.inject({ ...request, ...(payload !== undefined && { payload }) });
    answers.push(`${JSON.stringify(answer.headers)} ${answer.body}`);
    return answer;
  };
  const as = (key: string) => ({ authorization: `Bearer ${key}` });

  const made = await ask('POST', '/api/keys', as(admin), '{"name":"canary","role":"admin"}');
  const { secret, key } = made.json<{ secret: string; key: { id: string } }>();
  const joined = await ask('POST', '/api/tokens', as(admin));
  expect(joined.json()).toMatchObject({ secret: 'join-canary-1-' });
  const shownOnce = answers.splice(0);
  const hmacs = [...(await store.keys.list()), ...(await keys.list())].map(({ hmac }) => hmac);

  const paths = routes.flatMap(({ method, url }) =>
    [method].flat().map((each) => ({ method: each, url: url.replaceAll(/:\w+|\*/g, 'x') })),
  );
  const session = await ask('POST', '/api/session', {}, JSON.stringify({ key: secret }));
  const cookie = String(session.headers['set-cookie']).split(';', 1)[0]!;
  answers.pop();
  for (const { method, url } of paths.filter(({ url }) => url !== '/api/session')) {
    await ask(method, url, as(secret), method === 'GET' || method === 'HEAD' ? undefined : '{');
    await ask(method, url, { 'x-api-key': `${secret}x` });
    await ask(method, url, { cookie, accept: 'text/html' });
    await ask(method, `${url}?key=${secret}`, { cookie });
  }
  await ask('GET', `/nothing/${secret}`, {});
  store.away = true;
  await ask('GET', '/api/keys', as(secret));
  await ask('DELETE', `/api/keys/${key.id}`, as(secret));
  store.away = false;
  await ask('DELETE', `/api/keys/${key.id}`, as(admin));
  await ask('GET', '/api/keys', as(secret));

  const secrets = [secret, admin].flatMap((text) => [text, text.slice(15)]);
  const canaries = [...secrets, cookie.slice('tutti_session='.length), 'join-canary-1-', ...hmacs];
  const logged = [...lines, ...told.map(({ mock }) => mock.calls)].map((line) => JSON.stringify(line));
  expect(JSON.stringify(lines)).toContain(key.id);
  expect(JSON.stringify(told.map(({ mock }) => mock.calls))).toContain(key.id);
  expect(shownOnce.join().split(secret)).toHaveLength(2);
  for (const hmac of hmacs) expect(shownOnce.join()).not.toContain(hmac);
  for (const canary of canaries) {
    for (const text of [...answers, ...logged]) expect(text).not.toContain(canary);
  }
});
