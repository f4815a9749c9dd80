import { localPrincipal, Priority, type Context, type Principal } from '@tutti/core';
import { createCluster } from '@tutti/core/cluster';
import { QueueService, type GetQueueStatusRequest, type GetQueueStatusResponse } from '@tutti/proto/tutti/v1/queue';
import { createClient, createMemoryChannel, type HandlerContext } from '@tutti/rpc';
import { virtualClock } from '@tutti/testing';
import { expect, it } from 'vitest';
import { callOf, contextOf } from '../observation/traffic.fixture.ts';
import { oneNode } from './one-node.fixture.ts';
import { queueService } from './queue-service.ts';

/** The node takes two calls: one runs on its slot, one waits there. */
function startService() {
  const clock = virtualClock();
  const bounds = { queueSize: 200, concurrency: 20 };
  const cluster = createCluster({
    ...{ clock, random: () => 0, queueSize: () => bounds.queueSize, parameters: { aheadMs: Infinity } },
  });
  oneNode(cluster, 'a');
  const channel = createMemoryChannel();
  const service = queueService({ cluster, clock, bounds: () => bounds });
  channel.addService(QueueService, service);
  const ask = (id: string, changes: Partial<Context> = {}) =>
    cluster.request(callOf({ model: 'm' }), { ...contextOf({ id }), ...changes });
  const client = createClient(channel, QueueService, { deadlineMs: 5_000 });
  const follow = (signal: AbortSignal) => client.getQueueStatus({ follow: true }, { signal })[Symbol.asyncIterator]();
  const status = async (): Promise<GetQueueStatusResponse> => {
    const all = await Array.fromAsync(client.getQueueStatus({}));
    expect(all).toHaveLength(1);
    return all[0]!;
  };
  /** As that principal sees it. */
  const seenBy = async (changes: Partial<Principal>) => {
    const context = { signal: new AbortController().signal, principal: { ...localPrincipal, ...changes } };
    const all = service.getQueueStatus({ follow: false } as GetQueueStatusRequest, context as HandlerContext);
    return (await Array.fromAsync(all))[0]!;
  };
  return { clock, cluster, bounds, ask, client, status, follow, seenBy };
}

it('shows who waits, in order, whose call it is and when it will start, and the bounds of the moment', async () => {
  const { clock, ask, bounds, status } = startService();
  expect(await status()).toMatchObject({ waiting: 0, inFlight: 0, oldestMs: 0, waitMs: 0, calls: [] });
  ask('running');
  ask('there');
  ask('first');
  await clock.advance(800);
  ask('batch', { priority: Priority.BATCH });
  ask('urgent', { priority: Priority.INTERACTIVE });
  await clock.advance(200);
  bounds.concurrency = 7;
  const seen = await status();
  expect(seen).toMatchObject({ paused: false, waiting: 3, inFlight: 2, queueSize: 200, concurrency: 7, refused: 0 });
  expect(seen.oldestMs).toBe(1_000);
  expect(seen.waitMs).toBeGreaterThan(0);
  expect(seen.calls).toMatchObject([
    { requestId: 'urgent', model: 'm', priority: 'interactive', position: 0, waitingMs: 200, attempt: 1, key: 'key1' },
    { requestId: 'first', priority: 'default', position: 1, waitingMs: 1_000 },
    { requestId: 'batch', priority: 'batch', position: 2, waitingMs: 200 },
  ]);
  const etas = seen.calls.map(({ etaMs }) => etaMs!);
  expect(etas[0]).toBeGreaterThan(0);
  expect(etas).toEqual(etas.toSorted((a, b) => a - b));
});

it('shows the first hundred of a long queue, and counts them all', async () => {
  const { cluster, ask, status } = startService();
  cluster.pause();
  for (let i = 0; i < 150; i++) ask(`r${i}`);
  const { waiting, calls } = await status();
  expect([waiting, calls.length, calls.at(-1)?.requestId]).toEqual([150, 100, 'r99']);
  expect(calls[0]?.etaMs).toBeUndefined();
});

it('tells the ids of requests and keys to the key itself, and of all to operators', async () => {
  const { cluster, ask, seenBy } = startService();
  cluster.pause();
  ask('conversation-turn-1.answer');
  const shown = { requestId: 'conversation-turn-1.answer', key: 'key1', model: 'm' };
  expect((await seenBy({ id: 'key1', role: 'viewer' })).calls).toMatchObject([shown]);
  expect((await seenBy({ id: 'key2', role: 'operator' })).calls).toMatchObject([shown]);
  for (const role of ['viewer', 'user'] as const) {
    const status = await seenBy({ id: 'key2', role });
    expect(status).toMatchObject({ waiting: 1, calls: [{ model: 'm', position: 0, requestId: '', key: '' }] });
  }
});

it('counts those that are refused', async () => {
  const { bounds, cluster, ask, status } = startService();
  cluster.pause();
  bounds.queueSize = 1;
  ask('in');
  await expect(ask('out').lease).rejects.toMatchObject({ reason: 'overloaded' });
  expect(await status()).toMatchObject({ waiting: 1, refused: 1 });
});

it('is paused and resumed', async () => {
  const { cluster, ask, client, status } = startService();
  expect(await client.pauseQueue({})).toMatchObject({ paused: true, waiting: 0 });
  ask('r1');
  expect(await status()).toMatchObject({ paused: true, waiting: 1, inFlight: 0 });
  expect(await client.resumeQueue({})).toMatchObject({ paused: false, waiting: 0 });
  expect(cluster.inFlight).toBe(1);
});

it('lets a call that waits be cancelled, and touches no other', async () => {
  const { cluster, ask, client } = startService();
  cluster.pause();
  const unwanted = ask('unwanted');
  ask('wanted');
  expect(await client.cancelCall({ requestId: 'nobody' })).toMatchObject({ cancelled: 0, waiting: 2 });
  expect(await client.cancelCall({ requestId: 'unwanted' })).toMatchObject({ cancelled: 1, waiting: 1 });
  await expect(unwanted.lease).rejects.toMatchObject({ reason: 'client_closed' });
  cluster.resume();
  expect(await client.cancelCall({ requestId: 'wanted' })).toMatchObject({ cancelled: 0, waiting: 0 });
  expect(cluster.inFlight).toBe(1);
});

it('tells whoever follows at each change, four times a second at most', async () => {
  const { cluster, clock, ask, follow } = startService();
  const gone = new AbortController();
  const events = follow(gone.signal);
  expect((await events.next()).value).toMatchObject({ waiting: 0, inFlight: 0 });
  const next = events.next();
  await clock.advance(10_000);
  ask('one');
  ask('two');
  ask('three');
  await clock.advance(249);
  cluster.pause();
  await clock.advance(250);
  expect((await next).value).toMatchObject({ paused: true, waiting: 1, inFlight: 2 });
  gone.abort();
  await expect(events.next()).rejects.toMatchObject({ reason: 'client_closed' });
  await clock.advance(250);
  cluster.resume();
});
