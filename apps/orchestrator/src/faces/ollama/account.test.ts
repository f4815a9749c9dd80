import { expect, it } from 'vitest';
import { oneNodeApp } from '../answer/one-node-app.fixture.ts';

const ask = async (method: 'GET' | 'HEAD' | 'POST' | 'DELETE', url: string) => {
  const { app } = await oneNodeApp(async function* () {});
  const { statusCode, body } = await app.inject({ method, url });
  return [statusCode, body === '' ? undefined : (JSON.parse(body) as unknown)];
};

it("says in Ollama's shape that there is no cloud account", async () => {
  expect(await ask('GET', '/api/status')).toEqual([200, { cloud: { disabled: true, source: 'config' } }]);
  expect(await ask('HEAD', '/api/status')).toEqual([200, undefined]);
});

it.each([
  ['POST', '/api/me'],
  ['POST', '/api/signout'],
  ['DELETE', '/api/user/keys/c3NoLWVkMjU1MTk'],
] as const)('%s %s is refused with the reason', async (method, url) => {
  expect(await ask(method, url)).toEqual([501, { error: expect.stringMatching(/no account at ollama\.com/) }]);
});
