import { create } from '@bufbuild/protobuf';
import { NodeStateSchema } from '@tutti/proto/tutti/agent/v1/state';
import { done, delta } from '@tutti/core';
import { afterAll, describe, expect, it } from 'vitest';
import { guardedApp } from '../../access/guarded-app.fixture.ts';

const served = await guardedApp({ exposed: false });
afterAll(() => served.close());

const [older, newer] = ['ab', 'cd'].map((part) => part.repeat(32)) as [string, string];

const report = (node: string, digest: string, modifiedAt: string, expiresInMs: number): void => {
  const models = [
    { name: 'm:1b', digest, modifiedAt },
    ...(node === 'a' ? [{ name: 'n:1b', modifiedAt: '2027-01-01T00:00:00Z' }] : []),
  ];
  const runners = [{ model: `${node}:1b`, digest, expiresInMs }];
  const state = create(NodeStateSchema, {
    backend: { kind: 'ollama' },
    models,
    runners,
    slots: { total: 1, perRunner: 1 },
  });
  served.cluster.report(
    node,
    async function* () {
      yield delta({ embeddings: [{ index: 0, values: [0.5, -0.25] }] });
      yield done({ reason: 'stop' });
    },
    state,
  );
};
report('a', older, '2026-01-02T00:00:00+02:00', 1_000);
report('b', newer, '2026-01-02T00:00:00Z', 2_000);

const ask = async (method: 'GET' | 'HEAD' | 'POST' | 'DELETE', url: string, payload?: string) => {
  const headers = { host: 'localhost' };
  const { statusCode, body } = await served.app.inject({
    method,
    url,
    headers,
    ...(payload !== undefined && { payload }),
  });
  return { statusCode, body };
};

describe('the list of models', () => {
  it('has each once, the latest first, with the newest version and the nodes', async () => {
    const { models } = JSON.parse((await ask('GET', '/api/tags')).body) as {
      models: { name: string; tutti?: object }[];
    };
    expect(models.filter(({ tutti }) => tutti)).toMatchObject([
      { name: 'n:1b', tutti: { nodes: ['a'] } },
      { name: 'm:1b', digest: newer, tutti: { nodes: ['a', 'b'] } },
    ]);
  });

  it('of what is in memory has the one that stays longest first', async () => {
    const { models } = JSON.parse((await ask('GET', '/api/ps')).body) as { models: object[] };
    expect(models).toMatchObject([
      { name: 'b:1b', tutti: { nodes: ['b'] } },
      { name: 'a:1b', tutti: { nodes: ['a'] } },
    ]);
  });

  it.each(['/', '/api/version', '/api/tags'])('HEAD %s is GET without its body', async (url) => {
    expect(await ask('HEAD', url)).toEqual({ statusCode: 200, body: '' });
  });
});

describe('/api/embeddings', () => {
  it('answers with one vector', async () => {
    const { statusCode, body } = await ask('POST', '/api/embeddings', '{"model":"m:1b","prompt":"sky"}');
    expect(statusCode).toBe(200);
    expect(body).toMatch(/^\{"embedding":\[0\.5,-0\.25\],"tutti":\{/);
  });
});

describe('what is wrong with a request about a model', () => {
  it.each([
    ['POST', '/api/pull', '', 400, 'missing request body'],
    ['POST', '/api/pull', '{}', 400, 'invalid model name'],
    ['POST', '/api/create', '{"name":""}', 400, 'invalid model name'],
    ['POST', '/api/show', '{}', 400, 'model is required'],
    ['POST', '/api/push', '{"model":null}', 400, 'model is required'],
    ['DELETE', '/api/delete', '{}', 400, 'name "" is invalid'],
    ['POST', '/api/copy', '{"destination":"x"}', 400, 'source "" is invalid'],
    ['POST', '/api/copy', '{"source":"m"}', 400, 'destination "" is invalid'],
    ['POST', '/api/show', '{"model":"no"}', 404, "model 'no' not found"],
    ['POST', '/api/push', '{"name":"no"}', 404, "model 'no' not found"],
    ['DELETE', '/api/delete', '{"name":"no"}', 404, "model 'no' not found"],
    ['POST', '/api/copy', '{"source":"no","destination":"x"}', 404, 'model "no" not found'],
    ['POST', '/api/pull', '{"model":1}', 400, 'field "model" must be a string'],
    ['POST', '/api/pull', '{"model":"m","stream":"no"}', 400, 'field "stream" must be a boolean'],
    ['POST', '/api/create', '{"model":"m","files":["x"],"Files":{}}', 400, '"files" must be written in lower case.'],
    ['POST', '/api/create', '{"model":"m","files":[1]}', 400, 'field "files" must be an object of names and digests'],
  ] as const)('%s %s %s is %i: %s', async (method, url, body, statusCode, error) => {
    expect(await ask(method, url, body)).toEqual({ statusCode, body: JSON.stringify({ error }) });
  });
});
