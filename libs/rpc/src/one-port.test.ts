import { once } from 'node:events';
import { Agent, createServer as createHttpServer, get } from 'node:http';
import type { IncomingMessage, RequestListener } from 'node:http';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { ModelService } from '@tutti/proto/tutti/agent/v1/model';
import { afterEach, describe, expect, it } from 'vitest';
import { createClient } from './client.ts';
import { createChannel } from './grpc-channel.ts';
import type { Implementation } from './handler.ts';
import { listen } from './one-port.ts';
import type { Listening } from './one-port.ts';
import { addService, createServer } from './server.ts';

const closers: (() => void)[] = [];

afterEach(() => {
  for (const close of closers.splice(0).toReversed()) close();
});

async function start(
  models: Partial<Implementation<typeof ModelService>> = { hasBlob: async () => ({ exists: true }) },
  http: RequestListener = (request, response) => response.end(`you asked for ${request.url}`),
  silenceMs = 10_000,
) {
  const server = createServer();
  addService(server, ModelService, models);
  const listening = await listen({ server, http, host: '127.0.0.1', port: 0, silenceMs });
  closers.push(() => listening.destroy());
  return listening;
}

function clientOf({ port }: Listening) {
  const channel = createChannel(`127.0.0.1:${port}`);
  closers.push(() => channel.close());
  return createClient(channel, ModelService, { deadlineMs: 10_000 });
}

async function fetchText({ port }: Listening, agent?: Agent): Promise<string> {
  const [response] = (await once(get({ port, path: '/health', agent }), 'response')) as [IncomingMessage];
  return text(response);
}

/** Sends pieces with a turn of the network in between, and gives all that comes back. */
async function send({ port }: Listening, ...pieces: string[]): Promise<string> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  socket.on('error', () => {});
  await once(socket, 'connect');
  for (const piece of pieces) await new Promise((sent) => socket.write(piece, sent));
  return text(socket);
}

describe('one port', () => {
  it('serves gRPC and HTTP', async () => {
    const listening = await start();
    expect(await clientOf(listening).hasBlob({})).toMatchObject({ exists: true });
    expect(await fetchText(listening)).toBe('you asked for /health');
    expect(await clientOf(listening).hasBlob({})).toMatchObject({ exists: true });
  });

  it('tells them apart byte by byte', async () => {
    const listening = await start();
    const request = 'PROPFIND /x HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n';
    expect(await send(listening, ...request.split(''))).toMatch(/^HTTP\/1.1 200 OK[^]*you asked for \/x/);
    expect(await send(listening, 'P', 'RI * HTTP/2.0\r\n', '\r\nSM\r\n\r\n', 'garbage that is no frame')).not.toBe('');
    expect(await send(listening, 'garbage\r\n\r\n')).toMatch(/^HTTP\/1.1 400/);
    expect(await fetchText(listening)).toBe('you asked for /health');
  });

  it('drops a connection that says nothing, or too little', async () => {
    const listening = await start(undefined, undefined, 50);
    expect(await send(listening)).toBe('');
    expect(await send(listening, 'PR')).toBe('');
  });

  it('survives connections that break at once', async () => {
    const listening = await start();
    for (let round = 0; round < 50; round++) {
      const socket = connect(listening.port, '127.0.0.1');
      await once(socket, 'connect');
      if (round % 2) socket.write('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
      socket.resetAndDestroy();
    }
    expect(await fetchText(listening)).toBe('you asked for /health');
  });

  it('looks after requests that are slow to come', async () => {
    const http = createHttpServer({ headersTimeout: 50, connectionsCheckingInterval: 20 }, () => {});
    const listening = await listen({ server: createServer(), http, host: '127.0.0.1', port: 0 });
    closers.push(() => listening.destroy());
    expect(await send(listening, 'GET / HTTP/1.1\r\n')).toMatch(/^HTTP\/1.1 408/);
  });

  it('refuses a port that is taken', async () => {
    const { port } = await start();
    const second = listen({ server: createServer(), http: () => {}, host: '127.0.0.1', port });
    await expect(second).rejects.toMatchObject({ code: 'EADDRINUSE' });
  });

  it('closes when streams and requests have ended', async () => {
    const rest = Promise.withResolvers<void>();
    const asked = Promise.withResolvers<void>();
    const listening = await start(
      {
        async *getBlob() {
          yield {};
          await rest.promise;
          yield {};
        },
      },
      (_request, response) => {
        asked.resolve();
        void rest.promise.then(() => response.end('late'));
      },
    );
    const reader = clientOf(listening).getBlob({})[Symbol.asyncIterator]();
    await reader.next();
    const agent = new Agent({ keepAlive: true });
    const answer = fetchText(listening, agent);
    await asked.promise;
    let closed = false;
    const closing = listening.close().then(() => (closed = true));
    const refused = connect(listening.port, '127.0.0.1');
    await once(refused, 'error');
    expect(closed).toBe(false);
    rest.resolve();
    expect(await reader.next()).toMatchObject({ done: false });
    expect(await reader.next()).toMatchObject({ done: true });
    expect(await answer).toBe('late');
    await closing;
    agent.destroy();
  });

  it('closes at once when it is idle', async () => {
    const listening = await start();
    await clientOf(listening).hasBlob({});
    const agent = new Agent({ keepAlive: true });
    await fetchText(listening, agent);
    const silent = connect(listening.port, '127.0.0.1');
    await once(silent, 'connect');
    await listening.close();
    agent.destroy();
  });

  it('ends everything when it is destroyed', async () => {
    const listening = await start({
      async *getBlob(_request, { signal }) {
        yield {};
        await once(signal, 'abort');
      },
    });
    const reader = clientOf(listening).getBlob({})[Symbol.asyncIterator]();
    await reader.next();
    const closing = listening.close();
    listening.destroy();
    await expect(reader.next()).rejects.toMatchObject({ reason: 'node_unreachable' });
    await closing;
  });
});
