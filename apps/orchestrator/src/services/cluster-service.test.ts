import { create } from '@bufbuild/protobuf';
import { createCluster } from '@tutti/core/cluster';
import { ClusterService } from '@tutti/proto/tutti/v1/cluster';
import { NodeSchema, NodeStatus, type Node } from '@tutti/proto/tutti/v1/node';
import { createClient, createMemoryChannel } from '@tutti/rpc';
import { virtualClock } from '@tutti/testing';
import { expect, it } from 'vitest';
import { createRequestBook } from '../observation/request-book.ts';
import { callOf, contextOf, pass } from '../observation/traffic.fixture.ts';
import { clusterService } from './cluster-service.ts';
import { oneNode } from './one-node.fixture.ts';

const gpu = { name: 'g', memoryTotalBytes: 24e9, memoryUsedBytes: 8e9 };

async function startService() {
  const clock = virtualClock();
  const cluster = createCluster({ clock, random: () => 0 });
  const book = createRequestBook({ clock });
  const nodes: Node[] = [];
  const startedAt = clock.now();
  await clock.advance(10_000);
  const facts = { orchestratorId: 'o', version: '1.2.3', startedAt, exposed: false, concurrency: () => 20 };
  const channel = createMemoryChannel();
  channel.addService(ClusterService, clusterService({ cluster, nodes: () => nodes, book, clock, ...facts }));
  return { clock, cluster, book, nodes, client: createClient(channel, ClusterService, { deadlineMs: 5_000 }) };
}

it('is unavailable without a node that is ready, degraded while some are not, else ok', async () => {
  const { nodes, client } = await startService();
  expect(await client.getStatus({})).toMatchObject({
    ...{ status: 'unavailable', nodesReady: 0, nodesTotal: 0, slotsTotal: 0, uptimeMs: 10_000 },
    ...{ version: '1.2.3', orchestratorId: 'o', paused: false, exposed: false },
  });
  nodes.push(create(NodeSchema, { name: 'a', status: NodeStatus.READY }));
  expect(await client.getStatus({})).toMatchObject({ status: 'ok', nodesReady: 1, nodesTotal: 1 });
  nodes.push(create(NodeSchema, { name: 'b', status: NodeStatus.ABSENT }));
  expect(await client.getStatus({})).toMatchObject({ status: 'degraded', nodesReady: 1, nodesTotal: 2 });
});

it('counts models, slots and calls of the nodes that are ready, up to the bound over all', async () => {
  const { cluster, client } = await startService();
  oneNode(cluster, 'a', { models: [{ name: 'm' }, { name: 'n' }] });
  oneNode(cluster, 'b', { models: [{ name: 'm:latest' }], slots: { total: 2, perRunner: 1 } });
  oneNode(cluster, 'c', { models: [{ name: 'x' }], slots: { total: 50 } });
  cluster.suspend('c');
  cluster.request(callOf({ model: 'm' }), contextOf({}));
  expect(await client.getStatus({})).toMatchObject({ models: 2, slotsTotal: 3, inFlight: 1, queueWaiting: 0 });
  oneNode(cluster, 'c', { models: [{ name: 'x' }], slots: { total: 50 } });
  cluster.pause();
  cluster.request(callOf({ model: 'm' }), contextOf({}));
  expect(await client.getStatus({})).toMatchObject({ models: 3, slotsTotal: 20, queueWaiting: 1, paused: true });
});

it('lists each model once, with the nodes that have it on disk and in memory', async () => {
  const { cluster, client } = await startService();
  const m = { name: 'm:latest', modifiedAt: '2026-01-01T00:00:00Z', digest: 'old', sizeBytes: 7 };
  oneNode(cluster, 'a', { models: [{ name: 'z' }, m] });
  oneNode(cluster, 'b', {
    models: [{ ...m, digest: 'new', modifiedAt: '2026-02-01T00:00:00Z' }],
    runners: [{ model: 'm' }],
  });
  const { models } = await client.listModels({});
  expect(models).toMatchObject([
    { name: 'm:latest', digest: 'new', sizeBytes: 7, nodes: ['a', 'b'], loadedOn: ['b'] },
    { name: 'z', nodes: ['a'], loadedOn: [] },
  ]);
});

it('gives the figures of known traffic, over the window that is asked for', async () => {
  const { clock, book, nodes, client } = await startService();
  nodes.push(
    create(NodeSchema, { name: 'a', status: NodeStatus.READY, runners: [{}, {}], hardware: { gpus: [gpu, gpu] } }),
  );
  await pass(book.watch, clock, { node: 'a', restMs: 1_000, done: { usage: { promptTokens: 10, outputTokens: 60 } } });
  await clock.advance(120_000);
  await pass(book.watch, clock, { node: 'a', restMs: 3_000, done: { usage: { promptTokens: 5, outputTokens: 120 } } });
  await pass(book.watch, clock, { node: 'a', error: 'upstream_error' });
  expect(await client.getMetrics({})).toMatchObject({
    ...{ windowMs: 60_000, requests: 2, errors: 1, errorRate: 0.5, requestsPerMinute: 2 },
    ...{ promptTokens: 5, outputTokens: 120, tokensPerSecond: 2, avgResponseMs: 1_500 },
  });
  expect(await client.getMetrics({ windowMs: 600_000 })).toMatchObject({ requests: 3, outputTokens: 180 });
  expect(await client.getSummary({})).toMatchObject({
    ...{ status: 'ok', nodesReady: 1, nodesTotal: 1, modelsLoaded: 2, vramUsedBytes: 16e9, vramTotalBytes: 48e9 },
    ...{ requestsPerMinute: 2, tokensPerSecond: 2, errorRate: 0.5 },
  });
});

it.each([0, -1, 3_600_001, NaN])('refuses a window of %d ms', async (windowMs) => {
  const { client } = await startService();
  await expect(client.getMetrics({ windowMs })).rejects.toMatchObject({ reason: 'invalid_request' });
});
