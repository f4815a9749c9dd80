import { NodeStatus } from '@tutti/proto/tutti/v1/node';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { closeRigs, startRig } from './membership.fixture.ts';

afterEach(closeRigs);

/** Three nodes with the same model, one of which can be made to come and go. */
async function startThree() {
  const rig = startRig();
  const { register, heartbeat, whenReady, cluster, membership, clock, watches, ready } = rig;
  const epochs = new Map<string, number>();
  for (const id of ['b', 'c', 'a']) epochs.set(id, (await register(id, { address: `${id}:1` })).epoch);
  await whenReady('b', 'c', 'a');
  let port = 1;
  const isReady = () => ready().includes('a');
  /** The agent is killed and comes back at once, as another process on another port. */
  const restart = async (): Promise<void> => {
    watches.get(`a:${port}`)?.fail();
    await vi.waitFor(() => expect(isReady()).toBe(false));
    port += 1;
    epochs.set('a', (await register('a', { address: `a:${port}` })).epoch);
    await vi.waitFor(() => expect(watches.has(`a:${port}`)).toBe(true));
    await vi.waitFor(() => expect(membership.find('a').modelCount).toBe(1));
  };
  /** Time passes, and everybody sends heartbeats. */
  const pass = async (ms: number): Promise<void> => {
    for (const [id, epoch] of epochs) await heartbeat(id, epoch);
    await clock.advance(ms);
  };
  return { ...rig, cluster, restart, pass, isReady };
}

describe('a node that comes and goes', () => {
  it('is back at once twice; after that it waits, says so, and then gets calls again', async () => {
    const { restart, pass, isReady, membership } = await startThree();
    for (let time = 0; time < 2; time++) {
      await restart();
      await vi.waitFor(() => expect(isReady()).toBe(true));
      await pass(5_000);
    }
    await restart();
    expect(isReady()).toBe(false);
    await pass(4_000);
    expect(membership.find('a')).toMatchObject({
      status: NodeStatus.UNHEALTHY,
      problem: 'It came and went 3 times within a minute; if it stays, it gets calls again in 6 s.',
    });
    await pass(5_999);
    expect(isReady()).toBe(false);
    await pass(1);
    expect(isReady()).toBe(true);
    expect(membership.find('a')).toMatchObject({ status: NodeStatus.READY, problem: '' });
  });

  it('for five minutes leaves one node, one connection, and few changes of routes', async () => {
    const { restart, pass, isReady, membership, watches, cluster, clock } = await startThree();
    let changes = 0;
    let before = true;
    const report = cluster.report.bind(cluster);
    const suspend = cluster.suspend.bind(cluster);
    const look = (): void => {
      if (isReady() !== before) changes += 1;
      before = isReady();
    };
    Object.assign(cluster, {
      report: (...args: Parameters<typeof report>) => (report(...args), look()),
      suspend: (name: string) => (suspend(name), look()),
    });
    for (let time = 0; time < 60; time++) {
      await restart();
      await pass(5_000);
    }
    expect(changes).toBeLessThanOrEqual(60);
    expect(membership.list().map(({ name }) => name)).toEqual(['a', 'b', 'c']);
    expect(cluster.nodes).toHaveLength(3);
    expect([...watches.keys()].filter((address) => address.startsWith('a:'))).toEqual(['a:61']);
    const timers = clock.pending;
    await restart();
    expect(clock.pending).toBe(timers);
    await pass(40_000);
    await pass(40_000);
    for (let time = 0; time < 8; time++) await pass(40_000);
    expect(isReady()).toBe(true);
  });

  it('does not wait while it is needed: too few others have what it has', async () => {
    const { restart, isReady, membership } = await startThree();
    await membership.cordon('b');
    for (let time = 0; time < 6; time++) {
      await restart();
      await vi.waitFor(() => expect(isReady()).toBe(true));
    }
  });

  it('waits no longer once it is needed', async () => {
    const { restart, isReady, watches, silent } = await startThree();
    for (let time = 0; time < 3; time++) await restart();
    expect(isReady()).toBe(false);
    silent.add('b:1');
    watches.get('b:1')!.fail();
    await vi.waitFor(() => expect(isReady()).toBe(true));
  });

  it('because it is restarted in good order does not wait', async () => {
    const { restart, isReady, report, cluster } = await startThree();
    for (let time = 1; time < 6; time++) {
      report({ seq: 2, draining: true }, `a:${time}`);
      await vi.waitFor(() => expect(cluster.nodes.find(({ name }) => name === 'a')?.state.draining).toBe(true));
      await restart();
      await vi.waitFor(() => expect(isReady()).toBe(true));
    }
  });
});
