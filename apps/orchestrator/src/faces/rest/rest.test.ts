import { once } from 'node:events';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { toBinary, create } from '@bufbuild/protobuf';
import type { FastifyInstance } from 'fastify';
import { ClusterError, localPrincipal, onAbort } from '@tutti/core';
import { LogService } from '@tutti/proto/tutti/v1/log';
import { GetNodeRequestSchema, NodeService, NodeStatus } from '@tutti/proto/tutti/v1/node';
import { Permission } from '@tutti/proto/tutti/v1/options';
import type { HandlerContext, Implementation } from '@tutti/rpc';
import { createLog } from '@tutti/runtime/log';
import { virtualClock } from '@tutti/testing';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createHttpServer } from '../http/http-server.ts';
import { publicService } from './rest.ts';

const log = createLog({ service: 'test', level: 'error' });

let app: FastifyInstance;
let clock: ReturnType<typeof virtualClock>;
const sockets: Socket[] = [];

beforeEach(() => {
  clock = virtualClock();
  app = createHttpServer({ log });
});

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await app.close();
});

const nodes: Partial<Implementation<typeof NodeService>> = {
  async getNode({ name }) {
    if (name === 'none')
      throw new ClusterError('not_found', 'There is no node "none".', { param: 'name', retryAfterMs: 1_500 });
    return { node: { name, status: NodeStatus.CORDONED } };
  },
  async drainNode() {
    throw new TypeError('secret');
  },
  addNode: async ({ node }) => ({ node: { name: node?.name ?? '' } }),
};

function serveNodes(): void {
  app.post('/api/chat', { config: { permission: Permission.INFER } }, async () => ({}));
  app.post('/v1/chat/completions', { config: { permission: Permission.INFER } }, async () => ({}));
  publicService(app, NodeService, nodes, { clock, log });
}

const json = { 'content-type': 'application/json' };

describe('REST', () => {
  beforeEach(serveNodes);

  it('answers JSON', async () => {
    const response = await app.inject('/api/nodes/agx%2F0%20%25');
    expect(response.headers['content-type']).toBe('application/json; charset=utf-8');
    expect(response.json()).toMatchObject({ name: 'agx/0 %', status: 'CORDONED', modelCount: 0 });
    const head = await app.inject({ method: 'HEAD', url: '/api/nodes/a' });
    expect([head.statusCode, head.body]).toEqual([200, '']);
  });

  it('tells of errors as problems, with the id of the request', async () => {
    const { statusCode, headers, body } = await app.inject({
      url: '/api/nodes/none',
      headers: { 'x-request-id': 'r1' },
    });
    expect(statusCode).toBe(404);
    expect(headers).toMatchObject({
      'content-type': expect.stringContaining('application/problem+json'),
      'retry-after': '2',
      'x-request-id': 'r1',
    });
    expect(JSON.parse(body)).toEqual({
      type: '/errors/not_found',
      title: 'Not Found',
      status: 404,
      detail: 'There is no node "none".',
      instance: 'r1',
      code: 'not_found',
      param: 'name',
      retry_after_ms: 1_500,
    });
  });

  it.each([
    ['an unknown parameter', 'GET', '/api/nodes?x=1', '', 400, /query parameter "x"/],
    ['__proto__', 'GET', '/api/nodes?__proto__=1', '', 400, /query parameter "__proto__"/],
    ['more of __proto__', 'GET', '/api/nodes?__proto__[a]=1&constructor.prototype.a=1', '', 400, /query parameter/],
    ['a parameter that is broken', 'GET', '/api/nodes?%zz=%', '', 400, /query parameter/],
    ['3,000 parameters', 'GET', `/api/nodes?${'a=1&'.repeat(3_000)}`, '', 400, /query parameter "a"/],
    ['a path that is broken', 'GET', '/api/nodes/%zz', '', 400, /percent/],
    ['a name of 600 letters', 'GET', `/api/nodes/${'n'.repeat(600)}`, '', 400, /longer than 500/],
    ['a path below ours', 'GET', '/api/nodes/a/b/c', '', 404, /nothing at GET/],
    ['half a body', 'POST', '/api/nodes', '{"name":', 400, /invalid JSON/],
    ['a list for an object', 'POST', '/api/nodes', '[1]', 400, /node must be an object, got an array/],
    ['an unknown field', 'POST', '/api/nodes', '{"nmae":"a"}', 400, /did you mean "node.name"/],
    ['__proto__ in a body', 'POST', '/api/nodes', '{"__proto__":{}}', 400, /node.__proto__/],
    ['deep nesting', 'POST', '/api/nodes', `{"attributes":${'['.repeat(1_000)}`, 400, /nested/],
    ['5 MiB', 'POST', '/api/nodes', `{"name":"${'x'.repeat(5 * 2 ** 20)}"}`, 413, /4 MiB/],
    ['a body where there is none', 'POST', '/api/nodes/a/drain', '{"x":1}', 400, /must be empty/],
    ['a bug', 'POST', '/api/nodes/a/drain', '', 500, /^internal error$/],
    ['what is not implemented', 'POST', '/api/nodes/a/cordon', '', 501, /CordonNode is not implemented/],
    ['another verb', 'PUT', '/api/nodes/a', '', 405, /use GET or HEAD or PATCH or DELETE/],
    ['another verb of Connect', 'GET', '/tutti.v1.NodeService/GetNode', '', 405, /use POST/],
    ['an unknown method of Connect', 'POST', '/tutti.v1.NodeService/Nope', '', 404, /nothing at POST/],
  ] as const)('%s is a problem', async (_, method, url, payload, status, detail) => {
    const response = await app.inject({ method, url, payload, headers: json });
    expect(response.headers['content-type']).toMatch(/^application\/problem\+json/);
    expect([response.statusCode, response.json<{ detail: string }>().detail]).toEqual([
      status,
      expect.stringMatching(detail),
    ]);
  });

  it('says what is allowed', async () => {
    const { headers } = await app.inject({ method: 'PUT', url: '/api/nodes/a' });
    expect(headers['allow']).toBe('GET, HEAD, PATCH, DELETE, OPTIONS');
  });

  it('leaves other dialects as they are', async () => {
    expect((await app.inject('/api/nope')).json()).toEqual({ error: expect.stringContaining('/api/nope') });
    expect((await app.inject('/api/chat')).json()).toEqual({ error: expect.stringContaining('use POST') });
    expect((await app.inject('/v1/chat/completions')).json()).toMatchObject({ error: { code: expect.anything() } });
    expect((await app.inject('/nowhere')).json()).toMatchObject({ code: 'not_found' });
  });
});

describe('Connect', () => {
  beforeEach(serveNodes);

  const path = '/tutti.v1.NodeService/GetNode';

  it('answers JSON and what is no text', async () => {
    const byJson = await app.inject({ method: 'POST', url: path, payload: '{"name":"a"}', headers: json });
    expect(byJson.json()).toMatchObject({ node: { name: 'a', status: 'NODE_STATUS_CORDONED' } });
    expect(byJson.headers['x-request-id']).toBeDefined();
    const payload = Buffer.from(
      toBinary(GetNodeRequestSchema, create(GetNodeRequestSchema, { name: 'ÿ'.repeat(200) })),
    );
    const bytes = Buffer.concat([payload, Buffer.from([0x50, 0xff, 0x01])]);
    const headers = { 'content-type': 'application/proto' };
    const byProto = await app.inject({ method: 'POST', url: path, payload: bytes, headers });
    expect([byProto.statusCode, byProto.headers['content-type']]).toEqual([200, 'application/proto']);
  });

  it('tells of errors in its own way, and of other content types as problems', async () => {
    const error = await app.inject({ method: 'POST', url: path, payload: '{"name":"none"}', headers: json });
    expect([error.statusCode, error.json()]).toMatchObject([
      404,
      { code: 'not_found', message: 'There is no node "none".' },
    ]);
    const headers = { 'content-type': 'text/plain' };
    const text = await app.inject({ method: 'POST', url: path, payload: '{}', headers });
    expect([text.statusCode, text.json()]).toMatchObject([415, { code: 'unsupported_media' }]);
  });
});

describe('permissions', () => {
  it('stand on every route, and refusals are told in the words of the route', async () => {
    const permissions = new Map<string, Permission | undefined>();
    app.addHook(
      'onRoute',
      ({ method, url, config }) => void permissions.set(`${String(method)} ${url}`, config?.permission),
    );
    app.addHook('onRequest', async ({ routeOptions }) => {
      if (routeOptions.config.permission === Permission.ADMINISTER) throw new ClusterError('forbidden', 'not you');
    });
    serveNodes();
    await app.ready();
    expect(permissions.get('GET /api/nodes')).toBe(Permission.VIEW);
    expect(permissions.get('POST /api/nodes/:name/drain')).toBe(Permission.OPERATE);
    expect(permissions.get('POST /tutti.v1.NodeService/RemoveNode')).toBe(Permission.ADMINISTER);
    const rest = await app.inject({ method: 'DELETE', url: '/api/nodes/a' });
    expect([rest.statusCode, rest.json()]).toMatchObject([403, { code: 'forbidden' }]);
    const url = '/tutti.v1.NodeService/RemoveNode';
    const rpc = await app.inject({ method: 'POST', url, payload: '{broken', headers: json });
    expect([rpc.statusCode, rpc.json()]).toMatchObject([403, { code: 'permission_denied', details: [{}] }]);
  });

  it('give the handler its principal', async () => {
    const contexts: HandlerContext[] = [];
    publicService(app, NodeService, { listNodes: async (_, context) => (contexts.push(context), {}) }, { clock, log });
    await app.inject('/api/nodes');
    await app.inject({ method: 'POST', url: '/tutti.v1.NodeService/ListNodes', payload: '{}', headers: json });
    expect(contexts).toMatchObject([{ principal: localPrincipal }, { principal: localPrincipal }]);
  });
});

type QueryLogs = Implementation<typeof LogService>['queryLogs'];

/** Serves a stream, and a client that follows it. */
async function follow(queryLogs: QueryLogs, request = 'GET /api/logs?follow=true') {
  publicService(app, LogService, { queryLogs }, { clock, log });
  await app.listen({ host: '127.0.0.1', port: 0 });
  const socket = connect((app.server.address() as AddressInfo).port, '127.0.0.1');
  socket.on('error', () => {});
  sockets.push(socket);
  const client = { socket, received: '' };
  socket.on('data', (bytes: Buffer) => (client.received += bytes.toString('utf8')));
  socket.write(`${request} HTTP/1.1\r\nhost: localhost\r\n\r\n`);
  return client;
}

const page = (nextPageToken: string) => ({ nextPageToken });

describe('events', () => {
  it('come one by one, and end with the stream', async () => {
    const more = Promise.withResolvers<void>();
    const client = await follow(async function* () {
      yield page('one');
      await more.promise;
      yield page('two\n');
    });
    await vi.waitFor(() =>
      expect(client.received).toContain('data: {"lines":[],"nextPageToken":"one","dropped":0}\n\n'),
    );
    expect(client.received).toMatch(/^HTTP\/1\.1 200 OK\r\n[^]*content-type: text\/event-stream; charset=utf-8\r\n/);
    expect(client.received).not.toContain('two');
    more.resolve();
    await vi.waitFor(() => expect(client.received).toMatch(/"two\\n"[^]*\r\n0\r\n\r\n$/));
  });

  it('are kept alive by comments when it is silent', async () => {
    const more = Promise.withResolvers<void>();
    const client = await follow(async function* (_, { signal }) {
      await more.promise;
      yield page('one');
      await new Promise<void>((resolve) => onAbort(signal, resolve));
    });
    await vi.waitFor(() => expect(clock.pending).toBe(1));
    await clock.advance(14_999);
    expect(client.received).toBe('');
    await clock.advance(1);
    await vi.waitFor(() => expect(client.received).toMatch(/200 OK[^]*: keep-alive\n\n/));
    await clock.advance(5_000);
    more.resolve();
    await vi.waitFor(() => expect(client.received).toContain('"one"'));
    await clock.advance(14_999);
    expect(client.received.match(/keep-alive\n/g)).toHaveLength(1);
    await clock.advance(15_001);
    await vi.waitFor(() => expect(client.received.match(/keep-alive\n/g)).toHaveLength(3));
  });

  it('that fail before the first are a problem with its own status', async () => {
    const client = await follow(async function* () {
      throw new ClusterError('storage_unavailable', 'the store is away');
    });
    await vi.waitFor(() => expect(client.received).toMatch(/^HTTP\/1\.1 503 [^]*problem\+json[^]*the store is away/));
  });

  it('that fail later end with one that tells why', async () => {
    const client = await follow(async function* () {
      yield page('one');
      throw new ClusterError('storage_unavailable', 'the store is away');
    });
    await vi.waitFor(() =>
      expect(client.received).toMatch(/"one"[^]*event: error\ndata: \{.*the store is away.*\}\n\n[^]*\r\n0\r\n\r\n$/),
    );
  });

  it('end when the client leaves', async () => {
    const told = Promise.withResolvers<unknown>();
    const client = await follow(async function* (_, { signal }) {
      onAbort(signal, () => told.resolve(signal.aborted));
      yield page('one');
      await new Promise(() => {});
    });
    await vi.waitFor(() => expect(client.received).toContain('one'));
    client.socket.destroy();
    expect(await told.promise).toBe(true);
    await vi.waitFor(() => expect(clock.pending).toBe(0));
  });

  it('wait for a client that reads slowly', async () => {
    let count = 0;
    const client = await follow(async function* () {
      for (; count < 1_000; count++) yield page('x'.repeat(100_000));
    });
    client.socket.pause();
    let last = -1;
    await vi.waitFor(
      () => {
        const before = last;
        last = count;
        expect(count).toBe(before);
      },
      { interval: 200 },
    );
    expect(count).toBeLessThan(500);
    client.socket.resume();
    await vi.waitFor(() => expect(count).toBe(1_000), { timeout: 10_000 });
  });

  it('are one page without follow, and the signal of a whole answer stays', async () => {
    const signals: AbortSignal[] = [];
    const client = await follow(async function* (_, { signal }) {
      signals.push(signal);
      yield page('one');
      yield page('two');
    }, 'GET /api/logs?pageSize=2');
    await vi.waitFor(() => expect(client.received).toMatch(/200 OK[^]*application\/json[^]*"two"/));
    client.socket.end();
    await once(client.socket, 'close');
    expect(signals[0]!.aborted).toBe(false);
  });
});
