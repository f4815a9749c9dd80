import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { get as secureGet } from 'node:https';
import type { Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { connect as tlsConnect } from 'node:tls';
import { describe, expect, it } from 'vitest';
import { clockFromNow, closeAfterEach, closeLater, registryClient } from './cluster.fixture.ts';
import { send, servePort, tcpTo } from './port.fixture.ts';

closeAfterEach();

describe('a connection that proves nothing', () => {
  it.each([
    ['says nothing', ''],
    ['begins a handshake and stops', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03'],
    ['says nothing but a P', 'P'],
  ])('is closed when it %s', async (_, bytes) => {
    const { port } = await servePort({ silenceMs: 50 });
    expect(await send(port, bytes)).toBe('');
  });

  it('is closed when its handshake is garbage', async () => {
    const { port, refused } = await servePort();
    await send(port, `\x16\x03\x01\x00\x20${'x'.repeat(64)}`);
    expect(refused.join()).toMatch(/^the TLS handshake failed \(ERR_SSL_/);
  });

  it.each(['with', 'without'])('is closed when it is silent after a handshake %s a certificate', async (which) => {
    const { cluster, port } = await servePort({ silenceMs: 500 });
    const { key, certificate, ca } = await cluster.node();
    const own = which === 'with' ? { key, cert: certificate } : {};
    const options = {
      host: '127.0.0.1',
      port: port.port,
      ca,
      ALPNProtocols: ['h2'],
      checkServerIdentity: () => undefined,
    };
    const socket = tlsConnect({ ...options, ...own });
    closeLater(() => socket.destroy());
    socket.on('error', () => {}).resume();
    await once(socket, 'secureConnect');
    await new Promise((resolve) => socket.once('close', resolve));
  });

  it('stays while a call of it runs, and is closed when it idles', async () => {
    const clock = clockFromNow();
    const asked = Promise.withResolvers<void>();
    const rest = Promise.withResolvers<void>();
    const peers: string[] = [];
    const join = async (_: unknown, { peer }: { peer: string }) => {
      peers.push(peer);
      asked.resolve();
      await rest.promise;
      return { nodeId: 'joined' };
    };
    const { port, ca } = await servePort({ registry: { join }, silenceMs: 10_000 }, { clock });
    const client = registryClient(port, { ca });
    const first = client.join({});
    await asked.promise;
    await clock.advance(60_000);
    rest.resolve();
    expect(await first).toMatchObject({ nodeId: 'joined' });
    await clock.advance(9_000);
    await client.join({});
    expect(new Set(peers).size).toBe(1);
    await clock.advance(10_000);
    await expect.poll(() => client.join({}).catch(() => undefined)).toBeDefined();
    expect(new Set(peers).size).toBe(2);
  });

  it('stays while it waits for an answer in HTTP', async () => {
    const clock = clockFromNow();
    const asked = Promise.withResolvers<ServerResponse>();
    const http = (_: unknown, response: ServerResponse): void => asked.resolve(response);
    const { port, ca } = await servePort({ http, silenceMs: 10_000 }, { clock });
    const request = secureGet({ port: port.port, ca, checkServerIdentity: () => undefined });
    const answered = once(request, 'response');
    const late = await asked.promise;
    await clock.advance(60_000);
    late.end('late');
    const [response] = (await answered) as [IncomingMessage];
    expect(await text(response)).toBe('late');
  });

  it('makes room for newer ones, unless it does something', async () => {
    const asked = Promise.withResolvers<void>();
    const rest = Promise.withResolvers<void>();
    const join = async () => (asked.resolve(), await rest.promise, { nodeId: 'joined' });
    const { cluster, port, ca } = await servePort({ registry: { join } }, { maxStrangers: 4 });
    const joined = registryClient(port, { ca }).join({});
    await asked.promise;
    const silent: Socket[] = [];
    for (let count = 0; count < 12; count++) silent.push((await tcpTo(port)).resume());
    await expect.poll(() => silent.filter(({ closed }) => !closed).length).toBe(3);
    await registryClient(port, await cluster.node()).heartbeat({});
    rest.resolve();
    expect(await joined).toMatchObject({ nodeId: 'joined' });
  });

  it('keeps nobody out by doing something for ever: the oldest makes room', async () => {
    let asked = 0;
    const join = () => new Promise<never>(() => void (asked += 1));
    const { cluster, port, ca } = await servePort({ registry: { join } }, { maxStrangers: 4 });
    const endless = Array.from({ length: 4 }, async () =>
      registryClient(port, { ca })
        .join({})
        .catch(() => 'ended'),
    );
    await expect.poll(() => asked).toBe(4);
    await registryClient(port, await cluster.node()).heartbeat({});
    expect(await Promise.any(endless)).toBe('ended');
  });

  it('counts no more, and may idle, once it has proven itself', async () => {
    const clock = clockFromNow();
    const peers = new Set<string>();
    const heartbeat = async (_: unknown, { peer }: { peer: string }) => (peers.add(peer), {});
    const { cluster, port } = await servePort({ registry: { heartbeat } }, { clock, maxStrangers: 1 });
    const clients = [];
    for (let count = 0; count < 4; count++) clients.push(registryClient(port, await cluster.node()));
    for (const client of clients) await client.heartbeat({});
    await clock.advance(60_000);
    for (const client of clients) await client.heartbeat({});
    expect(peers.size).toBe(4);
  });
});
