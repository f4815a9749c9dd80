import { readdir } from 'node:fs/promises';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from './processes.ts';
import { messages, model, startRig, type Rig } from './rig.ts';

let rig: Rig;

beforeAll(async () => {
  rig = await startRig({ answer: () => 'fine' });
});

afterAll(() => rig.stop());

const get = (path: string, init?: RequestInit): Promise<Response> => fetch(rig.orchestrator.url + path, init);

describe('what clients probe first', () => {
  it('/ says what Ollama says, to GET and to HEAD', async () => {
    expect(await (await get('/')).text()).toBe('Ollama is running');
    expect((await get('/', { method: 'HEAD' })).status).toBe(200);
  });

  it('/api/version is that of the oldest Ollama, with ours beside it', async () => {
    expect(await (await get('/api/version')).json()).toEqual({
      version: '0.17.4',
      tutti: { version: expect.any(String) as string },
    });
  });

  it('/livez, /readyz and /health tell that it is well', async () => {
    expect((await get('/livez')).status).toBe(200);
    expect((await get('/readyz')).status).toBe(200);
    expect(await (await get('/health')).json()).toEqual({ status: 'ok', nodes: { healthy: 2, total: 2 }, waiting: 0 });
  });

  it('/v1/models tells which nodes have a model, and which have it in memory', async () => {
    await rig.ollama.chat({ model, messages });
    const loaded = async () => {
      const { data } = (await (await get('/v1/models')).json()) as {
        data: { id: string; tutti: { nodes: string[]; loaded: string[] } }[];
      };
      const [item] = data;
      return item && item.tutti.loaded.length > 0 ? item : undefined;
    };
    const item = await eventually(loaded, 'a loaded model');
    expect(item).toMatchObject({ id: model, tutti: { nodes: ['node0', 'node1'] } });
  });
});

describe('what every answer tells', () => {
  it.each([true, false])('where and how it was made (stream: %s)', async (stream) => {
    const { headers } = await rig.post(
      '/api/chat',
      { model, messages, stream },
      { headers: { 'x-request-id': 'mine' } },
    );
    expect(headers.get('x-request-id')).toBe('mine');
    expect(headers.get('x-tutti-model')).toBe(model);
    expect(headers.get('x-tutti-node')).toMatch(/^node[01]$/);
    expect(headers.get('x-tutti-route')).toMatch(/\w/);
    expect(Number(headers.get('x-tutti-queue-ms'))).toBeGreaterThanOrEqual(0);
    expect(headers.get('x-tutti-attempts')).toBe('1');
    expect(headers.get('x-tutti-privacy')).toBe('cluster');
  });

  it('an error: whether to come again, and when', async () => {
    const never = await rig.post('/v1/chat/completions', { model: 'nope', messages });
    expect(never.headers.get('x-should-retry')).toBe('false');
    expect(never.headers.get('retry-after')).toBeNull();
    const later = await rig.post(
      '/v1/chat/completions',
      { model, messages },
      { headers: { 'x-tutti-node': 'nowhere' } },
    );
    expect(later.status).toBe(503);
    expect(later.headers.get('x-should-retry')).toBe('true');
    expect([later.headers.get('retry-after'), later.headers.get('retry-after-ms')]).toEqual(['5', '5000']);
  });

  it('a wrong method: the right ones', async () => {
    expect((await get('/api/chat')).headers.get('allow')).toBe('POST, OPTIONS');
  });

  it('an error outside the dialects: RFC 9457', async () => {
    const response = await get('/nowhere');
    expect(response.headers.get('content-type')).toContain('application/problem+json');
    expect(await response.json()).toMatchObject({
      type: '/errors/not_found',
      title: 'Not Found',
      status: 404,
      code: 'not_found',
    });
  });

  it.each([
    {
      what: 'a request that cannot be read: its path',
      text: `GET /v1/models HTTP/1.1\r\nhost: x\r\n${'a: b\r\n'.repeat(4_000)}\r\n`,
      status: 431,
    },
    { what: 'bytes that are no request: the shape that most clients read', text: 'nonsense\r\n\r\n', status: 400 },
  ])('$what', async ({ text, status }) => {
    const socket = connect(rig.orchestrator.facts.port, '127.0.0.1');
    let answer = '';
    socket.on('data', (bytes: Buffer) => (answer += bytes.toString('utf8')));
    socket.on('error', () => {});
    socket.write(text);
    await new Promise((resolve) => socket.once('close', resolve));
    expect(answer.startsWith(`HTTP/1.1 ${status} `)).toBe(true);
    expect(JSON.parse(answer.slice(answer.indexOf('\r\n\r\n')))).toMatchObject({
      error: { type: 'invalid_request_error', message: expect.any(String) as string },
    });
  });
});

describe('a chat without messages', () => {
  it.each([
    { keep_alive: undefined, reason: 'load' },
    { keep_alive: 0, reason: 'unload' },
  ])('is a $reason, answered with one object, stream or not', async ({ keep_alive, reason }) => {
    for (const stream of [true, false]) {
      const response = await rig.post('/api/chat', { model, messages: [], stream, keep_alive });
      expect(response.headers.get('content-type')).toContain('application/json');
      expect(await response.json()).toMatchObject({ done: true, done_reason: reason });
    }
  });

  it('is refused by /v1, where it means nothing', async () => {
    expect((await rig.post('/v1/chat/completions', { model, messages: [] })).status).toBe(400);
  });
});

it("a model of Ollama's cloud answers only those who let their text go there", async () => {
  const cloud = 'big:120b-cloud';
  rig.fakes[0]!.setModels([model, { name: cloud, remote: { host: 'https://ollama.com:443', model: 'big:120b' } }]);
  const chat = (privacy?: string): Promise<Response> =>
    rig.post('/api/chat', { model: cloud, messages }, privacy ? { headers: { 'x-tutti-privacy': privacy } } : {});
  const listed = async (): Promise<boolean> => (await (await get('/v1/models')).text()).includes(cloud);
  await eventually(async () => (await listed()) || undefined, 'the model in the list');
  for (const privacy of [undefined, 'cluster', 'local']) expect((await chat(privacy)).status).toBe(503);
  const answer = await chat('any');
  expect([answer.status, answer.headers.get('x-tutti-node')]).toEqual([200, 'node0']);
  await answer.text();
  rig.fakes[0]!.setModels([model]);
});

it('hundreds of clients that leave in the middle leave nothing behind', async () => {
  const slow = rig.fakes.map((fake) => fake.fail('slow', { times: Infinity, delayMs: 20 }));
  const openFiles = async (): Promise<number> => (await readdir(`/proc/${rig.orchestrator.pid}/fd`)).length;
  const before = await openFiles();
  const leave = async (): Promise<void> => {
    const controller = new AbortController();
    const body = { model, messages: [{ role: 'user', content: 'on and on' }] };
    const response = await rig.post('/api/chat', body, { signal: controller.signal }).catch(() => undefined);
    await response?.body
      ?.getReader()
      .read()
      .catch(() => {});
    controller.abort();
  };
  for (let round = 0; round < 20; round++) await Promise.all(Array.from({ length: 20 }, leave));
  for (const mend of slow) mend();
  await eventually(() => rig.fakes.every((fake) => fake.live === 0) || undefined, 'idle backends');
  expect(((await (await get('/health')).json()) as { waiting: number }).waiting).toBe(0);
  expect((await rig.ollama.chat({ model, messages })).message.content).toBe('fine');
  await eventually(async () => (await openFiles()) <= before + 30 || undefined, 'closed sockets');
}, 60_000);
