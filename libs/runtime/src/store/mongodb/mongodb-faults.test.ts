import { ClusterError, type NewLogRecord, type Store } from '@tutti/core';
import { startFaultProxy, startMongoServer, type FaultProxy, type MongoServer, type TcpFault } from '@tutti/testing';
import { afterAll, describe, expect, it, type TestContext } from 'vitest';
import { systemClock } from '../../system-clock.ts';
import { openStore } from '../open-store.ts';

const server = await startMongoServer();
const skipped = 'skipped' in server ? ` (skipped: ${server.skipped})` : '';
/** A missing server is noticed in 2 s, one that is silent in 3, and the driver reads twice: twice that, for slow machines. */
const soonMs = 12_000;

afterAll(async () => {
  if ('stop' in server) await server.stop();
});

describe.skipIf(skipped)(`a store whose MongoDB fails${skipped}`, { concurrent: true, timeout: 60_000 }, () => {
  async function open(
    onTestFinished: TestContext['onTestFinished'],
    { fault, user = '', seed = 1 }: { fault?: TcpFault; user?: string; seed?: number } = {},
  ): Promise<{ store: Store; proxy: FaultProxy }> {
    const proxy = await startFaultProxy({ target: server as MongoServer, seed });
    if (fault) await proxy.set(fault);
    const store = await openStore({
      mongodbUri: `mongodb://${user}127.0.0.1:${proxy.port}/?retryWrites=false`,
      mongodbDatabase: `faults_${proxy.port}`,
      file: '',
      logRetentionMs: Infinity,
      clock: systemClock,
    });
    onTestFinished(async () => {
      await store.close();
      await proxy.close();
    });
    return { store, proxy };
  }

  it('opens at once while the server is away, says so soon, and works when it comes', async ({ onTestFinished }) => {
    const startedAt = performance.now();
    const { store, proxy } = await open(onTestFinished, { fault: { kind: 'refuse' } });
    expect(performance.now() - startedAt).toBeLessThan(1500);
    await expectAway(store);
    await proxy.set(undefined);
    await expectWorks(store);
  });

  it('is refused a user, and says so', async ({ onTestFinished }) => {
    const { store } = await open(onTestFinished, { user: 'somebody:geheim@' });
    const error = await expectAway(store);
    expect(error.message).toMatch(/^MongoDB (refuses the user|cannot do this now)/);
    expect(error.message).not.toContain('geheim');
  });

  const faults: TcpFault[] = [
    { kind: 'slow', latencyMs: 5000 },
    { kind: 'half-open' },
    { kind: 'stall' },
    { kind: 'reset' },
    { kind: 'truncate', afterBytes: 20 },
  ];

  for (const fault of faults) {
    it(`${fault.kind}: says so soon, and works again by itself`, async ({ onTestFinished }) => {
      const { store, proxy } = await open(onTestFinished);
      await expectWorks(store);
      await proxy.set(fault);
      await expectAway(store);
      await proxy.set(undefined);
      await expectWorks(store);
    });

    it(`${fault.kind} from the start: says so soon, and works again by itself`, async ({ onTestFinished }) => {
      const { store, proxy } = await open(onTestFinished, { fault });
      await expectAway(store);
      await proxy.set(undefined);
      await expectWorks(store);
    });
  }

  it('goes away and comes back, with what was stored', async ({ onTestFinished }) => {
    const { store, proxy } = await open(onTestFinished);
    await store.logs.append([line]);
    await proxy.set({ kind: 'reset' });
    await proxy.set({ kind: 'refuse' });
    await expectAway(store);
    await proxy.set(undefined);
    await expectWorks(store);
    expect(await store.logs.query({}, { limit: 10 })).toHaveLength(2);
  });

  it('fails all that is asked at once in the time of one', async ({ onTestFinished }) => {
    const { store, proxy } = await open(onTestFinished);
    await expectWorks(store);
    await proxy.set({ kind: 'half-open' });
    await Promise.all(Array.from({ length: 100 }, () => expectAway(store)));
    await proxy.set(undefined);
    await expectWorks(store);
  });

  it('ends soon while the server is away', async ({ onTestFinished }) => {
    const { store, proxy } = await open(onTestFinished);
    await expectWorks(store);
    await proxy.set({ kind: 'half-open' });
    const startedAt = performance.now();
    await store.close();
    expect(performance.now() - startedAt).toBeLessThan(soonMs);
  });

  it('throws nothing but its own errors when bits are flipped, and works again', async ({ onTestFinished }) => {
    for (let seed = 1; seed <= 10; seed++) {
      const { store, proxy } = await open(onTestFinished, { seed });
      await expectWorks(store);
      await proxy.set({ kind: 'corrupt' });
      const thrown: unknown = await store.logs.query({}, { limit: 1 }).catch((error: unknown) => error);
      if (!Array.isArray(thrown)) expect(thrown, `seed ${seed}`).toBeInstanceOf(ClusterError);
      await proxy.set(undefined);
      await expectWorks(store);
    }
  });

  async function expectAway(store: Store): Promise<Error> {
    const startedAt = performance.now();
    const error: unknown = await store.keys.list().catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ClusterError);
    expect(error).toMatchObject({ reason: 'storage_unavailable' });
    expect(performance.now() - startedAt).toBeLessThan(soonMs);
    return error as Error;
  }

  /** Again and again, as callers do: connections of before the end of a fault may be broken. */
  async function expectWorks(store: Store): Promise<void> {
    const answers = () =>
      store.ping().then(
        () => true,
        () => false,
      );
    for (let works = false; !works;) works = await answers();
    await store.logs.append([line]);
    expect(await store.logs.query({ requestId: 'r' }, { limit: 1 })).toHaveLength(1);
  }
});

const line: NewLogRecord = {
  time: 1,
  level: 'info',
  service: 'agent',
  node: '',
  requestId: 'r',
  message: '',
  fields: {},
};
