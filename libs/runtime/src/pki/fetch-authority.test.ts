import { once } from 'node:events';
import { createServer as createTcpServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { createServer } from 'node:tls';
import type { TlsOptions } from 'node:tls';
import { afterEach, describe, expect, it } from 'vitest';
import { openAuthority } from './authority.ts';
import type { Authority } from './authority.ts';
import { fetchAuthority } from './fetch-authority.ts';
import { clockOff, temporaryFolders } from './folder.fixture.ts';

const newFolder = temporaryFolders();
const closers: (() => void)[] = [];

afterEach(() => {
  for (const close of closers.splice(0)) close();
});

const newAuthority = async () => openAuthority(await newFolder(), { clock: clockOff(0) });

async function portOf(server: Server): Promise<number> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => sockets.add(socket.on('error', () => {})));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  closers.push(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return (server.address() as AddressInfo).port;
}

/** What arrives on the connection besides the handshake. */
async function orchestratorOf(authority: Authority, options: TlsOptions = {}) {
  const { keyPem, certificatePem } = await authority.issueOrchestrator('o1');
  const said: string[] = [];
  const server = createServer({ key: keyPem, cert: certificatePem, ...options }, (socket) => {
    socket.on('error', () => {}).on('data', (data) => said.push(data.toString()));
  });
  server.on('tlsClientError', () => {});
  return { port: await portOf(server), said };
}

const at = (port: number, fingerprint = 'x') => ({ host: '127.0.0.1', port, fingerprint, timeoutMs: 10_000 });

describe('fetching an authority', () => {
  it('gets the one of the fingerprint, and says nothing', async () => {
    const authority = await newAuthority();
    const { port, said } = await orchestratorOf(authority);
    expect(await fetchAuthority(at(port, authority.fingerprint))).toBe(authority.caPem);
    expect(said).toEqual([]);
  });

  it('refuses another cluster', async () => {
    const { port } = await orchestratorOf(await newAuthority());
    const fetched = fetchAuthority(at(port, (await newAuthority()).fingerprint));
    await expect(fetched).rejects.toMatchObject({ reason: 'unauthenticated' });
    await expect(fetched).rejects.toThrow(/not the cluster that the token is for/);
  });

  it("does not take a leaf for an authority, though the fingerprint be the leaf's", async () => {
    const authority = await newAuthority();
    const { keyPem, certificatePem } = await authority.issueOrchestrator('o1');
    const { port } = await orchestratorOf(authority, { key: keyPem, cert: certificatePem });
    const { createHash, X509Certificate } = await import('node:crypto');
    const spki = new X509Certificate(certificatePem).publicKey.export({ type: 'spki', format: 'der' });
    const fingerprint = createHash('sha256').update(spki).digest('base64url');
    await expect(fetchAuthority(at(port, fingerprint))).rejects.toMatchObject({ reason: 'unauthenticated' });
  });

  it('tells that nothing listens', async () => {
    const { port } = await orchestratorOf(await newAuthority());
    for (const close of closers.splice(0)) close();
    const fetched = fetchAuthority(at(port));
    await expect(fetched).rejects.toMatchObject({ reason: 'node_unreachable' });
    await expect(fetched).rejects.toThrow(`nothing listens on port ${port}`);
  });

  it('tells that the port is plaintext', async () => {
    const http = createTcpServer(
      (socket) => void socket.once('data', () => socket.end('HTTP/1.1 400 Bad Request\r\n')),
    );
    await expect(fetchAuthority(at(await portOf(http)))).rejects.toThrow(/answers without TLS/);
  });

  it('tells that the connection was closed', async () => {
    const rude = createTcpServer((socket) => socket.destroy());
    await expect(fetchAuthority(at(await portOf(rude)))).rejects.toThrow(/closed the connection/);
  });

  it('tells that the TLS is too old', async () => {
    const { port } = await orchestratorOf(await newAuthority(), { maxVersion: 'TLSv1.2' });
    await expect(fetchAuthority(at(port))).rejects.toThrow(/older TLS/);
  });

  it('tells that the name means nothing', async () => {
    const fetched = fetchAuthority({ ...at(1), host: 'nowhere.invalid' });
    await expect(fetched).rejects.toMatchObject({
      reason: 'node_unreachable',
      message: expect.stringMatching(/no machine of that name|looked up/),
    });
  });

  it('does not wait for ever', async () => {
    const port = await portOf(createTcpServer(() => {}));
    await expect(fetchAuthority({ ...at(port), timeoutMs: 30 })).rejects.toThrow(/no answer came/);
    const stop = new AbortController();
    const fetched = fetchAuthority({ ...at(port), signal: stop.signal });
    stop.abort();
    await expect(fetched).rejects.toMatchObject({ reason: 'client_closed' });
  });
});
