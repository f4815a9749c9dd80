import { createServer as createHttpServer } from 'node:http';
import type { RequestListener } from 'node:http';
import type { DescService } from '@bufbuild/protobuf';
import { Code, ConnectError, createClient as createConnectClient } from '@connectrpc/connect';
import type { Client as ConnectClient } from '@connectrpc/connect';
import { createConnectTransport, createGrpcWebTransport } from '@connectrpc/connect-node';
import { ClusterError, localPrincipal, reasons } from '@tutti/core';
import type { Principal, Reason } from '@tutti/core';
import { ErrorInfoSchema, RetryInfoSchema } from '@tutti/proto/google/rpc/error_details';
import { LogService } from '@tutti/proto/tutti/v1/log';
import { NodeService, NodeStatus } from '@tutti/proto/tutti/v1/node';
import { QueueService } from '@tutti/proto/tutti/v1/queue';
import { afterEach, describe, expect, it } from 'vitest';
import { connectRoutes } from './connect/connect.ts';
import { aborted, failure, standstill, tracked } from './contract.fixture.ts';
import { createClient } from './client.ts';
import { createChannel } from './grpc-channel.ts';
import type { Authorize, HandlerContext, Implementation } from './handler.ts';
import { listen } from './one-port.ts';
import { restRoutes } from './rest/rest.ts';
import { addService, createServer } from './server.ts';

const closers: (() => void)[] = [];

afterEach(() => {
  for (const close of closers.splice(0).toReversed()) close();
});

interface Served<S extends DescService> {
  readonly grpc: ReturnType<typeof createClient<S>>;
  readonly connect: ConnectClient<S>;
  readonly connectJson: ConnectClient<S>;
  readonly grpcWeb: ConnectClient<S>;
  readonly url: string;
  readonly errors: string[];
}

/** Serves one implementation in every way, on one port. */
async function serve<S extends DescService>(
  service: S,
  implementation: Partial<Implementation<S>>,
  { authorize, principal, refusal }: { authorize?: Authorize; principal?: Principal; refusal?: ClusterError } = {},
): Promise<Served<S>> {
  const errors: string[] = [];
  const onError = ({ reason }: ClusterError, method: string): void => void errors.push(`${method} ${reason}`);
  const server = createServer();
  addService(server, service, implementation, { onError, ...(authorize && { authorize }) });
  const routes = new Map(connectRoutes(service, implementation, { onError }).map((route) => [route.path, route]));
  const http: RequestListener = (request, response) => {
    const metadata = new Map(Object.entries(request.headers as Record<string, string>));
    try {
      routes.get(request.url!)!.handle(request, response, { metadata, peer: 'peer:1', principal, refusal });
    } catch (thrown) {
      response.writeHead((thrown as ClusterError).http).end((thrown as ClusterError).message);
    }
  };
  const listening = await listen({ server, http: createHttpServer(http), host: '127.0.0.1', port: 0 });
  const channel = createChannel(`127.0.0.1:${listening.port}`);
  closers.push(() => (channel.close(), listening.destroy()));
  const url = `http://127.0.0.1:${listening.port}`;
  const to = { baseUrl: url, httpVersion: '1.1' } as const;
  return {
    grpc: createClient(channel, service, { deadlineMs: 10_000 }),
    connect: createConnectClient(service, createConnectTransport(to)),
    connectJson: createConnectClient(service, createConnectTransport({ ...to, useBinaryFormat: false })),
    grpcWeb: createConnectClient(service, createGrpcWebTransport(to)),
    url,
    errors,
  };
}

const { signal } = new AbortController();

function restOf<S extends DescService>(service: S, implementation: Partial<Implementation<S>>, route: string) {
  const found = restRoutes(service, implementation).find(({ verb, path }) => `${verb} ${path}` === route)!;
  return (params: Record<string, string> = {}) =>
    found.handle({
      params,
      query: {},
      body: undefined,
      signal,
      metadata: new Map(),
      peer: 'peer:1',
      principal: undefined,
    });
}

interface Told {
  readonly reason: string;
  readonly message: string;
  readonly grpc: number;
  readonly retryAfterMs: number | undefined;
  readonly param: string | undefined;
}

const toldByUs = ({ reason, message, grpc, retryAfterMs, param }: ClusterError): Told => ({
  reason,
  message,
  grpc,
  retryAfterMs,
  param,
});

async function toldByConnect(call: Promise<unknown>): Promise<Told> {
  const error = (await call.catch((thrown: unknown) => thrown)) as ConnectError;
  expect(error).toBeInstanceOf(ConnectError);
  const [info] = error.findDetails(ErrorInfoSchema);
  const [retry] = error.findDetails(RetryInfoSchema);
  const delay = retry?.retryDelay;
  return {
    reason: info?.reason.toLowerCase() ?? '',
    message: error.rawMessage,
    grpc: error.code,
    retryAfterMs: delay && Number(delay.seconds) * 1_000 + delay.nanos / 1e6,
    param: info?.metadata['param'],
  };
}

async function all<T>(stream: AsyncIterable<T>): Promise<T[]> {
  const items: T[] = [];
  for await (const item of stream) items.push(item);
  return items;
}

const queue: Partial<Implementation<typeof QueueService>> = {
  pauseQueue: async () => ({ paused: true, waiting: 3 }),
};

const post = (url: string, body: string | Buffer, type = 'application/json') =>
  fetch(url, { method: 'POST', body: body as string, headers: type === '' ? {} : { 'content-type': type } });

describe('one implementation', () => {
  it('gives the same answer in every way', async () => {
    const { grpc, connect, connectJson, grpcWeb, url } = await serve(QueueService, queue);
    const answer = await grpc.pauseQueue({});
    expect(await connect.pauseQueue({})).toEqual(answer);
    expect(await connectJson.pauseQueue({})).toEqual(answer);
    expect(await grpcWeb.pauseQueue({})).toEqual(answer);
    const rest = await restOf(QueueService, queue, 'POST /api/queue/pause')();
    const json: unknown = await (await post(`${url}/tutti.v1.QueueService/PauseQueue`, '{}')).json();
    expect(rest).toMatchObject({ kind: 'json', text: JSON.stringify(json) });
    expect(json).toMatchObject({ paused: true, waiting: 3 });
  });

  it('gives the same stream in every way', async () => {
    const lines = async function* () {
      for (let at = 0; at < 300; at++) yield { lines: [{ id: String(at), fieldsJson: '{"a":1.0}' }], dropped: at };
    };
    const { grpc, connect, connectJson, grpcWeb } = await serve(LogService, { queryLogs: lines });
    const answer = await all(grpc.queryLogs({}));
    expect(answer).toHaveLength(300);
    expect(await all(connect.queryLogs({}))).toEqual(answer);
    expect(await all(connectJson.queryLogs({}))).toEqual(answer);
    expect(await all(grpcWeb.queryLogs({}))).toEqual(answer);
  });

  it.each(Object.keys(reasons) as Reason[])('fails alike in every way: %s', async (reason) => {
    const error = new ClusterError(reason, `it is ${reason}: äöü "50 %"`, { retryAfterMs: 1_500, param: 'name' });
    const fail = (): never => {
      throw error;
    };
    const nodes: Partial<Implementation<typeof NodeService>> = { getNode: async () => fail() };
    const { grpc, connect, grpcWeb } = await serve(NodeService, nodes);
    expect(toldByUs(await failure(grpc.getNode({})))).toEqual(toldByUs(error));
    expect(await toldByConnect(connect.getNode({}))).toEqual(toldByUs(error));
    expect(await toldByConnect(grpcWeb.getNode({}))).toEqual(toldByUs(error));
    expect(await failure(restOf(NodeService, nodes, 'GET /api/nodes/:name')({ name: 'a' }))).toBe(error);
    const stream = await serve(LogService, {
      queryLogs: async function* () {
        yield {};
        fail();
      },
    });
    expect(await toldByConnect(all(stream.connect.queryLogs({})))).toEqual(toldByUs(error));
    expect(await toldByConnect(all(stream.grpcWeb.queryLogs({})))).toEqual(toldByUs(error));
  });

  it('tells nothing of what is no ClusterError, but to the log', async () => {
    const nodes = {
      getNode: async () => {
        throw new TypeError('secret');
      },
    };
    const { connect, grpcWeb, errors } = await serve(NodeService, nodes);
    for (const client of [connect, grpcWeb]) {
      expect(await toldByConnect(client.getNode({}))).toMatchObject({ reason: 'internal', message: 'internal error' });
    }
    expect(errors).toEqual(['tutti.v1.NodeService/GetNode internal', 'tutti.v1.NodeService/GetNode internal']);
  });

  it('that lacks a method says so', async () => {
    const { grpc, connect } = await serve(NodeService, {});
    expect((await failure(grpc.listNodes({}))).reason).toBe('not_implemented');
    expect(await toldByConnect(connect.listNodes({}))).toMatchObject({
      reason: 'not_implemented',
      grpc: Code.Unimplemented,
    });
  });

  it('cuts a message that is too long alike', async () => {
    const nodes = {
      getNode: async () => {
        throw new ClusterError('invalid_request', 'ß'.repeat(100_000));
      },
    };
    const { grpc, connect } = await serve(NodeService, nodes);
    const { message } = await failure(grpc.getNode({}));
    expect(message.length).toBeLessThan(1_000);
    expect((await toldByConnect(connect.getNode({}))).message).toBe(message);
  });
});

describe('callers', () => {
  const seen: (Principal | undefined)[] = [];
  const peek: Partial<Implementation<typeof QueueService>> = {
    async pauseQueue(_, { principal }) {
      seen.push(principal);
      return {};
    },
  };

  it('are let in by authorize over gRPC, by what their metadata says', async () => {
    const authorize: Authorize = ({ name }, { metadata }) => {
      if (metadata.get('authorization') === `Bearer ${name}`) return localPrincipal;
      throw new ClusterError('unauthenticated', 'no key');
    };
    const { grpc, errors } = await serve(QueueService, peek, { authorize });
    await grpc.pauseQueue({}, { metadata: { authorization: 'Bearer PauseQueue' } });
    expect(seen.splice(0)).toEqual([localPrincipal]);
    expect((await failure(grpc.pauseQueue({}))).reason).toBe('unauthenticated');
    expect(seen).toEqual([]);
    expect(errors).toEqual(['tutti.v1.QueueService/PauseQueue unauthenticated']);
  });

  it('are refused before a stream starts over gRPC', async () => {
    const source = tracked([{}]);
    const authorize: Authorize = () => {
      throw new ClusterError('forbidden', 'not you');
    };
    const { grpc } = await serve(LogService, { queryLogs: () => source.items }, { authorize });
    expect((await failure(all(grpc.queryLogs({})))).reason).toBe('forbidden');
    expect(source.count).toBe(0);
  });

  it('come with their principal, headers and peer over Connect', async () => {
    const contexts: HandlerContext[] = [];
    const status = async (_: unknown, context: HandlerContext) => (contexts.push(context), {});
    const { connect } = await serve(QueueService, { pauseQueue: status }, { principal: localPrincipal });
    await connect.pauseQueue({}, { headers: { 'x-api-key': 'k' } });
    expect(contexts[0]).toMatchObject({ principal: localPrincipal, peer: 'peer:1' });
    expect(contexts[0]!.metadata.get('x-api-key')).toBe('k');
  });

  it('that are refused get the reason, and their body is not read', async () => {
    const refusal = new ClusterError('unauthenticated', 'no key');
    const { connect, grpcWeb, url } = await serve(QueueService, peek, { refusal });
    for (const client of [connect, grpcWeb]) {
      expect(await toldByConnect(client.pauseQueue({}))).toMatchObject({
        reason: 'unauthenticated',
        message: 'no key',
      });
    }
    const logs = await serve(LogService, {}, { refusal });
    expect(await toldByConnect(all(logs.connect.queryLogs({})))).toMatchObject({ reason: 'unauthenticated' });
    const broken = await post(`${url}/tutti.v1.QueueService/PauseQueue`, '{broken');
    expect([broken.status, await broken.json()]).toMatchObject([401, { code: 'unauthenticated' }]);
    expect(seen).toEqual([]);
  });
});

describe('Connect', () => {
  const path = '/tutti.v1.NodeService/GetNode';
  const nodes = { getNode: async ({ name }: { name: string }) => ({ node: { name, status: NodeStatus.READY } }) };

  it('prints enums by their full names, and what is 0', async () => {
    const { url } = await serve(NodeService, nodes);
    const answer: unknown = await (await post(url + path, '{"name":"a","unknown":1}')).json();
    expect(answer).toMatchObject({ node: { name: 'a', status: 'NODE_STATUS_READY', modelCount: 0 } });
  });

  it.each([
    ['a broken body', '{broken', 400, /invalid_argument/],
    ['a wrong type', '{"name":5}', 400, /name/],
    ['nothing', '', 400, /invalid_argument/],
    ['an array', '[]', 400, /invalid_argument/],
    ['deep nesting', `{"name":${'['.repeat(100_000)}`, 400, /invalid_argument/],
    ['5 MiB', `{"name":"${'x'.repeat(5 * 2 ** 20)}"}`, 429, /resource_exhausted/],
  ])('refuses %s', async (_, body, status, says) => {
    const { url } = await serve(NodeService, nodes);
    const answer = await post(url + path, body);
    expect(answer.status).toBe(status);
    expect(await answer.text()).toMatch(says);
    expect((await post(url + path, '{}')).status).toBe(200);
  });

  it.each(['text/plain', '', 'application/x-www-form-urlencoded', 'application/grpc'])(
    'refuses the content type "%s"',
    async (type) => {
      const { url } = await serve(NodeService, nodes);
      const answer = await post(url + path, Buffer.from('{}'), type);
      expect([answer.status, await answer.text()]).toEqual([415, expect.stringContaining('application/json')]);
    },
  );

  it('is cancelled when the client leaves', async () => {
    const told = Promise.withResolvers<unknown>();
    const started = Promise.withResolvers<void>();
    const { connect, errors } = await serve(NodeService, {
      async getNode(_, context) {
        started.resolve();
        told.resolve(await aborted(context.signal));
        return {};
      },
    });
    const controller = new AbortController();
    const call = toldByConnect(connect.getNode({}, { signal: controller.signal }));
    await started.promise;
    controller.abort();
    expect(await told.promise).toMatchObject({ reason: 'client_closed' });
    expect((await call).grpc).toBe(Code.Canceled);
    expect(errors).toEqual([]);
  });

  it('cancels a stream whose client leaves, also between messages', async () => {
    const told = Promise.withResolvers<unknown>();
    const { connect } = await serve(LogService, {
      async *queryLogs(_, context) {
        yield {};
        told.resolve(await aborted(context.signal));
      },
    });
    const controller = new AbortController();
    const call = toldByConnect(
      all(connect.queryLogs({}, { signal: controller.signal, onHeader: () => controller.abort() })),
    );
    expect((await call).grpc).toBe(Code.Canceled);
    expect(await told.promise).toMatchObject({ reason: 'client_closed' });
  });

  it('keeps deadlines, also for a handler that does not', async () => {
    const told = Promise.withResolvers<unknown>();
    const nodesThatHang: Partial<Implementation<typeof NodeService>> = {
      getNode(_, context) {
        void aborted(context.signal).then(told.resolve);
        return new Promise(() => {});
      },
    };
    const { url } = await serve(NodeService, nodesThatHang);
    const headers = { 'content-type': 'application/json', 'connect-timeout-ms': '20' };
    const answer = await fetch(url + path, { method: 'POST', body: '{}', headers });
    expect([answer.status, await answer.json()]).toMatchObject([504, { code: 'deadline_exceeded' }]);
    expect(await told.promise).toMatchObject({ reason: 'deadline_exceeded' });
  });

  it('does not abort the signal of a call that has ended', async () => {
    const signals: AbortSignal[] = [];
    const { connect } = await serve(NodeService, {
      getNode: async (_, context) => (signals.push(context.signal), {}),
    });
    await connect.getNode({});
    await connect.getNode({});
    expect(signals.map((each) => each.aborted)).toEqual([false, false]);
  });

  it('goes no faster than its reader', async () => {
    const line = { lines: [{ message: 'x'.repeat(100_000) }] };
    const endless = function* () {
      for (;;) yield line;
    };
    const source = tracked(endless());
    const { connect } = await serve(LogService, { queryLogs: () => source.items });
    const controller = new AbortController();
    await connect.queryLogs({}, { signal: controller.signal })[Symbol.asyncIterator]().next();
    await standstill(() => source.count);
    expect(source.count).toBeLessThan(500);
    controller.abort();
    await source.ended;
  });
});
