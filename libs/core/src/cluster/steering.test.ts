import { seededRandom, virtualClock } from '@tutti/testing';
import { describe, expect, it } from 'vitest';
import { callFor, contextWith, sayHello, stateWith } from '../calls.fixture.ts';
import { createCluster, type Cluster, type Request } from './cluster.ts';
import { Priority } from '../generate.ts';

function clusterWith(names: readonly string[], slots: number, concurrency?: () => number) {
  const clock = virtualClock();
  const cluster = createCluster({
    ...{ clock, random: seededRandom(1), parameters: { aheadMs: Infinity } },
    ...(concurrency && { concurrency }),
  });
  const report = (name: string): void => cluster.report(name, sayHello, stateWith({ slots }));
  names.forEach(report);
  return { clock, cluster, report };
}

const ask = (cluster: Cluster, changes: Parameters<typeof contextWith>[0] = {}): Request =>
  cluster.request(callFor('m'), contextWith(changes));

const nodeOf = async (request: Request): Promise<string> => (await request.lease).node;

describe('a cordoned node', () => {
  it('gets no new calls, and keeps those that run', async () => {
    const { cluster } = clusterWith(['a', 'b'], 4);
    const running = ask(cluster, { pin: 'a' });
    await running.lease;
    cluster.cordon('a', true);
    expect([await nodeOf(ask(cluster)), await nodeOf(ask(cluster))]).toEqual(['b', 'b']);
    expect(cluster.nodes.find((node) => node.name === 'a')).toMatchObject({
      cordoned: true,
      ready: false,
      inFlight: 1,
    });
  });

  it('stays so when it reports, leaves and comes back, until it is uncordoned', async () => {
    const { cluster, report } = clusterWith(['a'], 1);
    cluster.cordon('a', true);
    report('a');
    const waiting = ask(cluster);
    expect(waiting.position).toBe(0);
    cluster.suspend('a');
    report('a');
    expect(waiting.position).toBe(0);
    cluster.cordon('a', false);
    expect(await nodeOf(waiting)).toBe('a');
  });

  it('may be named before it comes', () => {
    const { cluster, report } = clusterWith([], 1);
    cluster.cordon('a', true);
    report('a');
    expect(cluster.nodes[0]?.ready).toBe(false);
  });

  it('is waited for, and then named as the reason', async () => {
    const { cluster, clock } = clusterWith(['a'], 1);
    cluster.cordon('a', true);
    const waiting = ask(cluster);
    await clock.advance(4_999);
    expect(waiting.position).toBe(0);
    await clock.advance(1);
    await expect(waiting.lease).rejects.toMatchObject({
      reason: 'no_healthy_node',
      message: 'No node that has "m" can take it now. Ready: none. Node a is cordoned; uncordon it to use it.',
    });
  });

  it('is named even if it was silent when the wait began', async () => {
    const { cluster, clock } = clusterWith(['a'], 1);
    cluster.suspend('a');
    const waiting = ask(cluster);
    cluster.cordon('a', true);
    await clock.advance(5_000);
    await expect(waiting.lease).rejects.toThrow('Node a is cordoned');
  });
});

describe('a pause', () => {
  it('starts no call, refuses none, and ends with all that wait in their order', async () => {
    const { cluster, clock } = clusterWith(['a'], 1);
    cluster.pause();
    const [first, second, third] = [ask(cluster), ask(cluster), ask(cluster)];
    await clock.advance(60_000);
    expect([first, second, third].map((request) => request.position)).toEqual([0, 1, 2]);
    expect(cluster).toMatchObject({ paused: true, waiting: 3, inFlight: 0 });
    cluster.resume();
    expect([first, second, third].map((request) => request.position)).toEqual([undefined, undefined, 0]);
    expect(cluster.paused).toBe(false);
  });

  it('lets what runs go on, and starts nothing in its place', async () => {
    const { cluster } = clusterWith(['a'], 1);
    const running = ask(cluster);
    await running.lease;
    await ask(cluster).lease;
    cluster.pause();
    const waiting = ask(cluster);
    running.release();
    expect(waiting.position).toBe(0);
  });

  it('does not hide that nobody has the model', async () => {
    const { cluster } = clusterWith(['a'], 1);
    cluster.pause();
    await expect(cluster.request(callFor('nope'), contextWith()).lease).rejects.toMatchObject({
      reason: 'model_not_found',
    });
  });
});

describe('the bound over the cluster', () => {
  it('is read anew, and counts calls on nodes that have gone', async () => {
    let bound = 2;
    const { cluster } = clusterWith(['a', 'b'], 4, () => bound);
    const [first, second] = [ask(cluster, { pin: 'a' }), ask(cluster, { pin: 'b' })];
    cluster.remove('a');
    const waiting = ask(cluster);
    expect(waiting.position).toBe(0);
    expect(cluster.inFlight).toBe(2);
    bound = 3;
    first.release();
    expect(await nodeOf(waiting)).toBe('b');
    expect(await nodeOf(ask(cluster))).toBe('b');
    second.release();
    second.release();
    expect(cluster.inFlight).toBe(2);
  });
});

it('shows who waits: in order, since when, for which attempt', async () => {
  const { cluster, clock } = clusterWith(['a'], 1);
  const [start, running] = [clock.now(), ask(cluster)];
  ask(cluster);
  ask(cluster, { requestId: 'early' });
  await clock.advance(700);
  const ticket = { sequence: 1_000_000, attempt: 2, excluded: new Set<string>(), place: {} };
  ask(cluster, { requestId: 'again', ticket });
  ask(cluster, { requestId: 'urgent', priority: Priority.INTERACTIVE });
  const common = { model: 'm', attempt: 1, key: 'local' };
  expect(cluster.waitingCalls).toMatchObject([
    { ...common, requestId: 'urgent', priority: Priority.INTERACTIVE, position: 0, since: start + 700 },
    { ...common, requestId: 'early', priority: Priority.DEFAULT, position: 1, since: start },
    { ...common, requestId: 'again', priority: Priority.DEFAULT, position: 2, since: start + 700, attempt: 2 },
  ]);
  running.release();
});

it('never starts a call on a cordoned node, while paused, or over the bound, whatever the order of events', () => {
  const names = ['a', 'b', 'c'];
  for (let seed = 1; seed <= 50; seed++) {
    const random = seededRandom(seed);
    const pick = <T>(items: readonly T[]): T | undefined => items[Math.floor(random() * items.length)];
    let bound = 4;
    const { cluster, report } = clusterWith(names, 3, () => bound);
    const open = new Set<Request>();
    const started = (): Map<string, number> => new Map(cluster.nodes.map(({ name, inFlight }) => [name, inFlight]));
    const actions: (() => void)[] = [
      () => open.add(ask(cluster)),
      () => open.add(ask(cluster)),
      () => {
        const request = pick([...open]);
        request?.release();
        if (request) open.delete(request);
      },
      () => cluster.cordon(pick(names)!, random() < 0.5),
      () => (random() < 0.5 ? cluster.pause() : cluster.resume()),
      () => report(pick(names)!),
      () => cluster.suspend(pick(names)!),
      () => (bound = 1 + Math.floor(random() * 6)),
    ];
    for (let step = 0; step < 300; step++) {
      const before = started();
      const total = cluster.inFlight;
      const wasPaused = cluster.paused;
      const wasCordoned = new Set(cluster.nodes.filter((node) => node.cordoned).map((node) => node.name));
      pick(actions)!();
      const at = `seed ${seed}, step ${step}`;
      for (const { name, inFlight, cordoned } of cluster.nodes) {
        if (cordoned && wasCordoned.has(name)) expect(inFlight, at).toBeLessThanOrEqual(before.get(name)!);
      }
      if (cluster.inFlight > total) expect(cluster.inFlight, at).toBeLessThanOrEqual(bound);
      if (wasPaused && cluster.paused) expect(cluster.inFlight, at).toBeLessThanOrEqual(total);
      expect(
        cluster.nodes.reduce((sum, node) => sum + node.inFlight, 0),
        at,
      ).toBe(cluster.inFlight);
    }
    cluster.resume();
    for (const request of open) request.release();
    expect(cluster, `seed ${seed}`).toMatchObject({ inFlight: 0, waiting: 0 });
  }
});
