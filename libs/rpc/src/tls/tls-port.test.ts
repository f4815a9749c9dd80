import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { get as secureGet } from 'node:https';
import { text } from 'node:stream/consumers';
import { ModelService } from '@tutti/proto/tutti/agent/v1/model';
import { ClusterError } from '@tutti/core';
import { describe, expect, it } from 'vitest';
import { createClient } from '../client.ts';
import type { HandlerContext, PeerIdentity } from '../handler.ts';
import { channelTo, closeAfterEach, createCluster, modelsClient, registryClient, serve } from './cluster.fixture.ts';
import { failure, handshake, heldStream, openStream } from './port.fixture.ts';

closeAfterEach();

describe('a port with TLS', () => {
  it('tells a handler who calls', async () => {
    const cluster = await createCluster();
    const node = await cluster.node();
    const seen: (PeerIdentity | undefined)[] = [];
    const registry = { heartbeat: async (_: unknown, { identity }: HandlerContext) => (seen.push(identity), {}) };
    const port = await serve(await cluster.orchestrator(), { registry });
    await registryClient(port, node).heartbeat({});
    expect(seen).toEqual([{ kind: 'node', id: node.id, serial: expect.stringMatching(/^[0-9a-f]{32}$/) }]);
  });

  it('speaks nothing older than TLS 1.3, before and after its certificate was renewed', async () => {
    const cluster = await createCluster();
    const port = await serve(await cluster.orchestrator());
    const old = { ca: cluster.authority.caPem, maxVersion: 'TLSv1.2' } as const;
    await expect(handshake(port.port, old)).rejects.toThrow(/protocol version/);
    port.setCredentials(await cluster.orchestrator());
    await expect(handshake(port.port, old)).rejects.toThrow(/protocol version/);
    expect((await handshake(port.port, { ca: cluster.authority.caPem })).getProtocol()).toBe('TLSv1.3');
  });

  it('serves HTTP/1.1 beside gRPC', async () => {
    const cluster = await createCluster();
    const port = await serve(await cluster.orchestrator(), { http: (_request, response) => response.end('here') });
    const request = secureGet({ port: port.port, ca: cluster.authority.caPem, checkServerIdentity: () => undefined });
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    expect(await text(response)).toBe('here');
    expect(await registryClient(port, await cluster.node()).heartbeat({})).toBeDefined();
  });

  it('closes when its streams have ended', async () => {
    const cluster = await createCluster();
    const held = heldStream();
    const port = await serve(await cluster.orchestrator(), held);
    const rest = await openStream(modelsClient(port, await cluster.node()));
    const closed = port.close();
    held.end();
    expect(await rest()).toBe(2);
    await closed;
  });

  it('refuses keys and certificates that do not belong together', async () => {
    const cluster = await createCluster();
    const good = await cluster.orchestrator();
    const { key } = await cluster.orchestrator();
    await expect(serve({ ...good, key })).rejects.toMatchObject({ reason: 'failed_precondition' });
    await expect(serve({ ...good, ca: '' })).rejects.toMatchObject({ reason: 'failed_precondition' });
    const port = await serve(good);
    expect(() => port.setCredentials({ ...good, key })).toThrow(ClusterError);
    expect(await registryClient(port, await cluster.node()).heartbeat({})).toBeDefined();
  });
});

describe('a certificate that is renewed', () => {
  it('is shown to new connections, and streams go on', async () => {
    const cluster = await createCluster();
    const held = heldStream();
    const port = await serve(await cluster.orchestrator('before'), held);
    const node = await cluster.node();
    const rest = await openStream(modelsClient(port, node, { kind: 'orchestrator', id: 'before' }));
    port.setCredentials(await cluster.orchestrator('after'));
    await registryClient(port, node, { kind: 'orchestrator', id: 'after' }).heartbeat({});
    held.end();
    expect(await rest()).toBe(2);
  });

  it('may change its authority in between', async () => {
    const [old, next] = [await createCluster(), await createCluster()];
    const port = await serve(await old.orchestrator());
    const both = old.authority.caPem + next.authority.caPem;
    port.setCredentials({ ...(await next.orchestrator()), ca: both });
    for (const node of [await old.node(), await next.node()]) {
      await registryClient(port, { ...node, ca: both }).heartbeat({});
    }
    port.setCredentials(await next.orchestrator());
    const late = registryClient(port, { ...(await old.node()), ca: both });
    expect(await failure(late.heartbeat({}))).toMatchObject({ message: expect.stringMatching(/another cluster/) });
  });

  it('at the client takes a new channel, and the old one finishes', async () => {
    const cluster = await createCluster();
    const held = heldStream();
    const port = await serve(await cluster.orchestrator(), held);
    const node = await cluster.node();
    const channel = channelTo(port, { ...node, expected: { kind: 'orchestrator' } });
    const rest = await openStream(createClient(channel, ModelService, { deadlineMs: 10_000 }));
    channel.close();
    await registryClient(port, node).heartbeat({});
    held.end();
    expect(await rest()).toBe(2);
  });
});
