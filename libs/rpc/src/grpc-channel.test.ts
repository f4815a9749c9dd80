import { once } from 'node:events';
import { constants, createServer as createHttp2Server } from 'node:http2';
import { connect, createServer as createTcpServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import { ClusterError } from '@tutti/core';
import { ModelService } from '@tutti/proto/tutti/agent/v1/model';
import { RegistryService } from '@tutti/proto/tutti/agent/v1/registry';
import { afterEach, describe, expect, it } from 'vitest';
import type { Channel } from './channel.ts';
import { createClient } from './client.ts';
import { createChannel } from './grpc-channel.ts';
import type { Implementation } from './handler.ts';
import { listen } from './one-port.ts';
import { addService, createServer } from './server.ts';
import { maxMessageBytes } from './settings.ts';

const closers: (() => void)[] = [];

afterEach(() => {
  for (const close of closers.splice(0)) close();
});

async function start(models: Partial<Implementation<typeof ModelService>>, port = 0, keepalive = {}) {
  const server = createServer(keepalive);
  addService(server, ModelService, models);
  const listening = await listen({ server, http: () => {}, host: '127.0.0.1', port });
  closers.push(() => listening.destroy());
  return { server, port: listening.port, stop: () => listening.destroy() };
}

function channelTo(port: number, keepalive = {}): Channel {
  const channel = createChannel(`127.0.0.1:${port}`, keepalive);
  closers.push(() => channel.close());
  return channel;
}

const clientOf = (channel: Channel) => createClient(channel, ModelService, { deadlineMs: 15_000 });

async function reasonOf(call: Promise<unknown>): Promise<string> {
  const error = await call.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(ClusterError);
  expect((error as ClusterError).message).not.toMatch(/\d+\.\d+\.\d+|:\d+/);
  return (error as ClusterError).reason;
}

async function drain(stream: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of stream);
}

/** A stream that gives one message and then nothing until its client leaves. */
async function* silent(signal: AbortSignal) {
  yield { data: new Uint8Array(1) };
  await once(signal, 'abort');
}

/** A TCP relay whose bytes can be held up without an end, as when the other machine hangs. */
async function relay(port: number) {
  const sockets = new Set<Socket>();
  const server = createTcpServer((near) => {
    const far = connect(port, '127.0.0.1');
    for (const socket of [near, far]) sockets.add(socket.on('error', () => {}));
    near.pipe(far);
    far.pipe(near);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  closers.push(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  const hang = (): void => {
    for (const socket of sockets) socket.unpipe().pause();
  };
  const cut = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  return { port: (server.address() as AddressInfo).port, hang, cut };
}

describe('a channel', () => {
  it('is one connection for all its clients', async () => {
    const peers = new Set<string>();
    const { server, port } = await start({ hasBlob: async (_, { peer }) => (peers.add(peer), {}) });
    addService(server, RegistryService, { heartbeat: async (_, { peer }) => (peers.add(peer), {}) });
    const channel = channelTo(port);
    await clientOf(channel).hasBlob({});
    await clientOf(channel).hasBlob({});
    await createClient(channel, RegistryService, { deadlineMs: 15_000 }).heartbeat({});
    expect(peers.size).toBe(1);
  });

  it('tells when nobody listens', async () => {
    const { port, stop } = await start({});
    stop();
    expect(await reasonOf(clientOf(channelTo(port)).hasBlob({}))).toBe('node_unreachable');
  });

  it('tells when the address means nothing', async () => {
    const channel = createChannel('no such place');
    closers.push(() => channel.close());
    expect(await reasonOf(clientOf(channel).hasBlob({}))).toBe('node_unreachable');
  });

  it('tells when the server stops in mid-stream', async () => {
    const { server, port } = await start({ getBlob: (_, { signal }) => silent(signal) });
    const reader = clientOf(channelTo(port)).getBlob({})[Symbol.asyncIterator]();
    await reader.next();
    server.forceShutdown();
    expect(await reasonOf(reader.next())).toBe('node_unreachable');
  });

  it('tells when the connection breaks in mid-stream', async () => {
    const { port } = await start({ getBlob: (_, { signal }) => silent(signal) });
    const between = await relay(port);
    const reader = clientOf(channelTo(between.port)).getBlob({})[Symbol.asyncIterator]();
    await reader.next();
    between.cut();
    expect(await reasonOf(reader.next())).toBe('node_unreachable');
  });

  it.each([constants.NGHTTP2_INTERNAL_ERROR, constants.NGHTTP2_ENHANCE_YOUR_CALM, constants.NGHTTP2_REFUSED_STREAM])(
    'tells when its stream is reset with code %i',
    async (code) => {
      const server = createHttp2Server().on('stream', (stream) => stream.on('error', () => {}).close(code));
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
      closers.push(() => server.close());
      const channel = channelTo((server.address() as AddressInfo).port);
      expect(await reasonOf(clientOf(channel).hasBlob({}))).toBe('node_unreachable');
    },
  );

  it('gives up a connection that is taken and never answered, and makes another', async () => {
    const silentServer = createTcpServer();
    silentServer.listen(0, '127.0.0.1');
    await once(silentServer, 'listening');
    const { port } = silentServer.address() as AddressInfo;
    const client = clientOf(channelTo(port, { keepaliveMs: 100, keepaliveTimeoutMs: 100 }));
    const taken = once(silentServer, 'connection');
    const failing = reasonOf(client.hasBlob({}));
    const [socket] = (await taken) as [Socket];
    const closed = once(socket.on('error', () => {}).resume(), 'close');
    silentServer.close();
    expect(await failing).toBe('node_unreachable');
    await closed;
    await start({ hasBlob: async () => ({ exists: true }) }, port);
    await expect
      .poll(() => client.hasBlob({}).catch(() => undefined), { timeout: 5_000 })
      .toMatchObject({ exists: true });
  });

  it('notices on both sides that the other one hangs', async () => {
    const left = Promise.withResolvers<unknown>();
    const keepalive = { keepaliveMs: 200, keepaliveTimeoutMs: 200 };
    async function* getBlob(_: unknown, { signal }: { signal: AbortSignal }) {
      yield* silent(signal);
      left.resolve(signal.reason);
    }
    const { port } = await start({ getBlob }, 0, keepalive);
    const between = await relay(port);
    const channel = channelTo(between.port, keepalive);
    const reader = clientOf(channel).getBlob({})[Symbol.asyncIterator]();
    await reader.next();
    between.hang();
    expect(await reasonOf(reader.next())).toBe('node_unreachable');
    expect(await left.promise).toMatchObject({ reason: 'client_closed' });
  });

  it.each(['127.0.0.1', 'localhost'])('finds a server at %s that has come back', async (host) => {
    const first = await start({ hasBlob: async () => ({}) });
    const channel = createChannel(`${host}:${first.port}`);
    closers.push(() => channel.close());
    const client = clientOf(channel);
    await client.hasBlob({});
    first.stop();
    expect(await reasonOf(client.hasBlob({}))).toBe('node_unreachable');
    await start({ hasBlob: async () => ({ exists: true }) }, first.port);
    let answer: { exists: boolean } | undefined;
    while (answer === undefined) {
      answer = await client.hasBlob({}).catch(() => undefined);
      await turn();
    }
    expect(answer.exists).toBe(true);
  });

  it('lets streams end after it was closed', async () => {
    const rest = Promise.withResolvers<void>();
    const { port } = await start({
      async *getBlob() {
        yield { data: new Uint8Array(1) };
        await rest.promise;
        yield { data: new Uint8Array(2) };
      },
    });
    const channel = channelTo(port);
    const reader = clientOf(channel).getBlob({})[Symbol.asyncIterator]();
    await reader.next();
    channel.close();
    rest.resolve();
    expect(await reader.next()).toMatchObject({ value: { data: new Uint8Array(2) } });
    expect(await reader.next()).toMatchObject({ done: true });
  });

  it('refuses messages that are too large and goes on', async () => {
    const data = new Uint8Array(maxMessageBytes);
    const { port } = await start({
      async *getBlob() {
        yield { data };
      },
      async putBlob(requests) {
        for await (const _ of requests);
        return {};
      },
      hasBlob: async () => ({}),
    });
    const client = clientOf(channelTo(port));
    async function* upload() {
      yield { data };
    }
    expect(await reasonOf(drain(client.getBlob({})))).toBe('too_large');
    expect(await reasonOf(client.putBlob(upload()))).toBe('too_large');
    await client.hasBlob({});
  });
});
