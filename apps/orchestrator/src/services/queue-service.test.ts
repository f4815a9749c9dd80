import { createCluster, Priority, type Context } from '@tutti/core';
import { QueueService } from '@tutti/proto/tutti/v1/queue';
import { createClient, createMemoryChannel } from '@tutti/rpc';
import { virtualClock } from '@tutti/testing';
import { expect, it } from 'vitest';
import { callOf, contextOf } from '../observation/traffic.fixture.ts';
import { oneNode } from './one-node.fixture.ts';
import { queueService } from './queue-service.ts';

function startService() {
  const clock = virtualClock();
  const cluster = createCluster({ clock });
  oneNode(cluster, 'a');
  const bounds = { queueSize: 100, concurrency: 20 };
  const channel = createMemoryChannel();
  channel.addService(QueueService, queueService({ cluster, clock, bounds: () => bounds }));
  const ask = (id: string, changes: Partial<Context> = {}) =>
    cluster.request(callOf({ model: 'm' }), { ...contextOf({ id }), ...changes });
  return { clock, cluster, bounds, ask, client: createClient(channel, QueueService, { deadlineMs: 5_000 }) };
}

it('shows who waits, in order, and the bounds of the moment', async () => {
  const { clock, ask, bounds, client } = startService();
  expect(await client.getQueueStatus({})).toMatchObject({ waiting: 0, inFlight: 0, oldestMs: 0, calls: [] });
  ask('running');
  ask('first');
  await clock.advance(800);
  ask('batch', { priority: Priority.BATCH });
  ask('urgent', { priority: Priority.INTERACTIVE });
  await clock.advance(200);
  bounds.concurrency = 7;
  const status = await client.getQueueStatus({});
  expect(status).toMatchObject({ paused: false, waiting: 3, inFlight: 1, queueSize: 100, concurrency: 7 });
  expect(status.oldestMs).toBe(1_000);
  expect(status.calls).toMatchObject([
    { requestId: 'urgent', model: 'm', priority: 'interactive', position: 0, waitingMs: 200, attempt: 1 },
    { requestId: 'first', priority: 'default', position: 1, waitingMs: 1_000 },
    { requestId: 'batch', priority: 'batch', position: 2, waitingMs: 200 },
  ]);
});

it('shows the first hundred of a long queue, and counts them all', async () => {
  const { ask, client } = startService();
  for (let i = 0; i < 151; i++) ask(`r${i}`);
  const { waiting, calls } = await client.getQueueStatus({});
  expect([waiting, calls.length, calls.at(-1)?.requestId]).toEqual([150, 100, 'r100']);
});

it('is paused and resumed', async () => {
  const { cluster, ask, client } = startService();
  expect(await client.pauseQueue({})).toMatchObject({ paused: true, waiting: 0 });
  ask('r1');
  expect(await client.getQueueStatus({})).toMatchObject({ paused: true, waiting: 1, inFlight: 0 });
  expect(await client.resumeQueue({})).toMatchObject({ paused: false, waiting: 0 });
  expect(cluster.inFlight).toBe(1);
});
