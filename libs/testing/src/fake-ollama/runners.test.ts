import { describe, expect, it } from 'vitest';
import { virtualClock } from '../virtual-clock.ts';
import { foreverMs } from './go-duration.ts';
import { completeModel } from './model.ts';
import { createRunners, type NoRunner, type RunnerLease, type Runners, type RunnersSettings } from './runners.ts';

const model = completeModel('m');
const small = { numCtx: 2048, askedNumCtx: 2048, others: '' };
const large = { numCtx: 8192, askedNumCtx: 8192, others: '' };
const prompt = { tokens: 1, prefix: [] };
const never = new AbortController().signal;
const settled = (promise: Promise<unknown>): Promise<string> =>
  Promise.race([promise.then(() => 'done'), new Promise<string>((resolve) => setImmediate(() => resolve('waiting')))]);

function runnersOf(given: Partial<RunnersSettings> & Pick<RunnersSettings, 'clock'>): Runners {
  const unlimited = { memoryBytes: Infinity, maxLoadedModels: Infinity, maxQueue: 512, keepAliveMs: 300_000 };
  return createRunners({ ...unlimited, loadMs: 0, parallel: 1, ...given });
}

async function leaseOf(use: Promise<RunnerLease | NoRunner>): Promise<RunnerLease> {
  const lease = await use;
  if ('error' in lease) throw new Error(lease.error);
  return lease;
}

describe('createRunners', () => {
  it('loads once, and again for other options', async () => {
    const runners = runnersOf({ clock: virtualClock() });
    for (const options of [small, small, large, small])
      (await leaseOf(runners.use(model, options, 1000, never))).release();
    expect(runners.loads).toBe(3);
    expect(runners.list.map(({ numCtx }) => numCtx)).toEqual([2048]);
  });

  it('takes the time that a load takes, once for all who wait for it', async () => {
    const clock = virtualClock();
    const runners = runnersOf({ clock, loadMs: 500, parallel: 2 });
    const both = Promise.all([runners.use(model, small, 1000, never), runners.use(model, small, 1000, never)]);
    await clock.advance(499);
    expect(await settled(both)).toBe('waiting');
    await clock.advance(1);
    expect(await settled(both)).toBe('done');
    expect(runners.loads).toBe(1);
  });

  it('counts the keep-alive from the release', async () => {
    const clock = virtualClock();
    const runners = runnersOf({ clock });
    const lease = await leaseOf(runners.use(model, small, 1000, never));
    await clock.advance(5000);
    expect(runners.list).toHaveLength(1);
    lease.release();
    expect(runners.list[0]?.expiresAtMs).toBe(clock.wallTime() + 1000);
    await clock.advance(999);
    expect(runners.list).toHaveLength(1);
    await clock.advance(1);
    expect(runners.list).toHaveLength(0);
  });

  it('lets the last request decide how long the model stays', async () => {
    const clock = virtualClock();
    const runners = runnersOf({ clock });
    (await leaseOf(runners.use(model, small, 1000, never))).release();
    (await leaseOf(runners.use(model, small, foreverMs, never))).release();
    await clock.advance(1e9);
    expect(runners.list).toHaveLength(1);
    const lease = await leaseOf(runners.use(model, small, 0, never));
    expect(runners.list).toHaveLength(1);
    lease.release();
    expect(runners.list).toHaveLength(0);
  });

  it('unloads a busy model when it is idle', async () => {
    const runners = runnersOf({ clock: virtualClock() });
    const lease = await leaseOf(runners.use(model, small, 1000, never));
    runners.unload(model);
    expect(runners.list).toHaveLength(1);
    lease.release();
    expect(runners.list).toHaveLength(0);
  });

  it('gives slots first come, first served, and skips who has left', async () => {
    const runners = runnersOf({ clock: virtualClock() });
    const leases = await Promise.all(Array.from({ length: 3 }, () => leaseOf(runners.use(model, small, 1000, never))));
    const [first, second, third] = leases;
    const slot = await first?.slot(prompt, never);
    const leaving = new AbortController();
    const secondSlot = second?.slot(prompt, leaving.signal).catch(() => 'left');
    const thirdSlot = third?.slot(prompt, never) ?? Promise.reject(new Error('no lease'));
    leaving.abort();
    expect(await secondSlot).toBe('left');
    second?.release();
    expect(await settled(thirdSlot)).toBe('waiting');
    slot?.leave();
    expect(await settled(thirdSlot)).toBe('done');
  });

  it('rejects who leaves while the model is loading', async () => {
    const clock = virtualClock();
    const runners = runnersOf({ clock, loadMs: 500 });
    const leaving = new AbortController();
    const lease = runners.use(model, small, 1000, leaving.signal);
    leaving.abort();
    await expect(lease).rejects.toThrow('waited for a model');
    await clock.advance(2000);
    expect(runners.list).toHaveLength(0);
  });
});
