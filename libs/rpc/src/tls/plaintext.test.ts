import { RegistryService } from '@tutti/proto/tutti/agent/v1/registry';
import { describe, expect, it } from 'vitest';
import { createClient } from '../client.ts';
import { listen } from '../one-port.ts';
import { createServer } from '../server.ts';
import { channelTo, closeAfterEach, closeLater, createCluster, registryClient } from './cluster.fixture.ts';
import { send, servePort } from './port.fixture.ts';

closeAfterEach();

describe('plaintext that comes to a port with TLS', () => {
  it('is told so in HTTP', async () => {
    const { port, refused } = await servePort();
    const answer = await send(port, 'GET /api/tags HTTP/1.1\r\nHost: h\r\n\r\n');
    expect(answer).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n[^]*This port speaks TLS only\. Use https:\/\//);
    expect(refused).toEqual(['no TLS came to a port with TLS']);
  });

  it('is told so after all of a long body was sent', async () => {
    const { port } = await servePort();
    const body = 'x'.repeat(5_000_000);
    const answer = await send(port, `POST /api/chat HTTP/1.1\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
    expect(answer).toMatch(/^HTTP\/1\.1 400 Bad Request/);
  });

  it('is closed and logged in gRPC', async () => {
    const { port, refused } = await servePort();
    const client = createClient(channelTo(port), RegistryService, { deadlineMs: 10_000 });
    await expect(client.join({ token: 'secret' })).rejects.toMatchObject({ reason: 'node_unreachable' });
    expect(refused).toContain('gRPC without TLS came to a port with TLS');
  });

  it('is closed when it is nothing known', async () => {
    const { port } = await servePort();
    expect(await send(port, '\x00\x01\x02\x03')).toBe('');
    expect(await send(port, '{"a":1}')).toBe('');
  });
});

describe('TLS that comes to a plaintext port', () => {
  it('gets a clear error', async () => {
    const cluster = await createCluster();
    const port = await listen({ server: createServer(), http: () => {}, host: '127.0.0.1', port: 0 });
    closeLater(() => port.destroy());
    await expect(registryClient(port, await cluster.node()).heartbeat({})).rejects.toMatchObject({
      reason: 'node_unreachable',
      message: expect.stringMatching(/answers without TLS/),
    });
  });
});
