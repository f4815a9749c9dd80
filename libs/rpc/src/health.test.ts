import { Health, HealthCheckResponse_ServingStatus as Status } from '@tutti/proto/grpc/health/v1/health';
import { describe, expect, it } from 'vitest';
import { createClient } from './client.ts';
import { createHealth } from './health.ts';
import { createMemoryChannel } from './memory-channel.ts';

function start() {
  const health = createHealth();
  const channel = createMemoryChannel();
  channel.addService(Health, health.implementation);
  return { health, client: createClient(channel, Health, { deadlineMs: 10_000 }) };
}

describe('health', () => {
  it('tells the state of the process and of a service', async () => {
    const { health, client } = start();
    expect(await client.check({})).toMatchObject({ status: Status.SERVING });
    await expect(client.check({ service: 'a' })).rejects.toMatchObject({ reason: 'not_found' });
    health.set('a', false);
    expect(await client.check({ service: 'a' })).toMatchObject({ status: Status.NOT_SERVING });
    const { statuses } = await client.list({});
    expect(statuses).toMatchObject({ '': { status: Status.SERVING }, a: { status: Status.NOT_SERVING } });
  });

  it('streams each change, from a service that is not there yet until the end', async () => {
    const { health, client } = start();
    const watch = client.watch({ service: 'a' })[Symbol.asyncIterator]();
    const next = async () => (await watch.next()).value?.status as Status | undefined;
    expect(await next()).toBe(Status.SERVICE_UNKNOWN);
    health.set('a', true);
    expect(await next()).toBe(Status.SERVING);
    health.set('a', true);
    health.set('b', false);
    const waiting = next();
    health.set('a', false);
    expect(await waiting).toBe(Status.NOT_SERVING);
    health.set('a', true);
    health.set('a', false);
    health.set('a', true);
    expect(await next()).toBe(Status.SERVING);
    health.shutdown();
    health.set('a', true);
    expect(await next()).toBe(Status.NOT_SERVING);
    expect(await watch.next()).toMatchObject({ done: true });
    expect(await client.check({})).toMatchObject({ status: Status.NOT_SERVING });
  });

  it('forgets watchers that have left', async () => {
    const { health, client } = start();
    const controller = new AbortController();
    const watch = client.watch({}, { signal: controller.signal })[Symbol.asyncIterator]();
    await watch.next();
    const next = watch.next();
    controller.abort();
    await expect(next).rejects.toMatchObject({ reason: 'client_closed' });
    health.set('', false);
    expect(await client.check({})).toMatchObject({ status: Status.NOT_SERVING });
  });
});
