import { seededRandom, virtualClock } from '@tutti/testing';
import { describe, expect, it } from 'vitest';
import { createCluster, type Cluster, type Request } from './cluster.ts';
import type { ClusterError } from '../error.ts';
import type { Reason } from '../error.ts';
import { Priority } from '../generate.ts';
import { callFor, contextWith, sayHello, stateWith } from '../calls.fixture.ts';

function clusterWith(states: Record<string, Parameters<typeof stateWith>[0]>) {
  const clock = virtualClock();
  const cluster = createCluster({ clock, random: seededRandom(1), parameters: { aheadMs: Infinity } });
  for (const [name, state] of Object.entries(states)) cluster.report(name, sayHello, stateWith(state));
  return { clock, cluster };
}

const reasonOf = (request: Request): Promise<Reason> =>
  request.lease.then(
    () => expect.unreachable('a lease was given'),
    (error: ClusterError) => error.reason,
  );

const nodeOf = async (request: Request): Promise<string> => (await request.lease).node;

const ask = (cluster: Cluster, model = 'm', changes: Parameters<typeof contextWith>[0] = {}): Request =>
  cluster.request(callFor(model), contextWith(changes));

describe('choosing', () => {
  it('takes the node with the fewest calls in flight', async () => {
    const { cluster } = clusterWith({ a: { slots: 4 }, b: { slots: 4 } });
    const nodes = [
      await nodeOf(ask(cluster)),
      await nodeOf(ask(cluster)),
      await nodeOf(ask(cluster)),
      await nodeOf(ask(cluster)),
    ];
    expect(nodes.toSorted()).toEqual(['a', 'a', 'b', 'b']);
  });

  it('prefers, of equally busy nodes, the one that holds the model in memory', async () => {
    const { cluster } = clusterWith({ a: {}, b: { resident: ['m:latest'] } });
    expect(await nodeOf(ask(cluster))).toBe('b');
  });

  it('takes a name without a tag for the latest', async () => {
    const { cluster } = clusterWith({ a: { models: ['m:latest'] } });
    expect(await nodeOf(ask(cluster, 'm'))).toBe('a');
  });

  it('obeys a pin, and never asks a node that failed the call', async () => {
    const { cluster } = clusterWith({ a: { slots: 3 }, b: { slots: 3 } });
    expect(await nodeOf(ask(cluster, 'm', { pin: 'b' }))).toBe('b');
    const ticket = { sequence: 1, attempt: 2, excluded: new Set(['a']), place: {} };
    expect(await nodeOf(ask(cluster, 'm', { ticket }))).toBe('b');
  });

  it('gives a runner one call more than it has slots, and no more', async () => {
    const { cluster } = clusterWith({ a: { slots: 4, perRunner: 1 } });
    await ask(cluster).lease;
    await ask(cluster).lease;
    expect(ask(cluster).position).toBe(0);
  });
});

describe('waiting', () => {
  it('serves first come first, and higher classes before', async () => {
    const { cluster } = clusterWith({ a: { slots: 1 } });
    const running = ask(cluster);
    ask(cluster);
    const late = ask(cluster);
    const later = ask(cluster);
    const urgent = ask(cluster, 'm', { priority: Priority.INTERACTIVE });
    expect([urgent.position, late.position, later.position]).toEqual([0, 1, 2]);
    running.release();
    expect(await nodeOf(urgent)).toBe('a');
    expect(late.position).toBe(0);
  });

  it('lets a call pass that could go while another model has no room', async () => {
    const { cluster } = clusterWith({ a: { models: ['m'], slots: 1 }, b: { models: ['n'], slots: 1 } });
    ask(cluster, 'm');
    ask(cluster, 'm');
    expect(ask(cluster, 'm').position).toBe(0);
    expect(await nodeOf(ask(cluster, 'n'))).toBe('b');
  });

  it('frees the place of a call that is aborted', async () => {
    const { cluster } = clusterWith({ a: { slots: 1 } });
    ask(cluster);
    ask(cluster);
    const controller = new AbortController();
    const waiting = ask(cluster, 'm', { signal: controller.signal });
    controller.abort();
    expect(await reasonOf(waiting)).toBe('client_closed');
    expect(cluster.waiting).toBe(0);
  });

  it('frees the place of a call whose caller leaves without a word', async () => {
    const { cluster } = clusterWith({ a: { slots: 1 } });
    const running = [ask(cluster), ask(cluster)];
    const waiting = ask(cluster);
    waiting.release();
    for (const request of running) request.release();
    expect(cluster.nodes[0]?.inFlight).toBe(0);
    expect(cluster.waiting).toBe(0);
  });

  it('counts a node without a slot as full until it reports', async () => {
    const { cluster } = clusterWith({ a: { slots: 2 } });
    const first = ask(cluster);
    (await first.lease).refused();
    first.release();
    const waiting = ask(cluster);
    expect(waiting.position).toBe(0);
    cluster.report('a', sayHello, stateWith({ slots: 2 }));
    expect(await nodeOf(waiting)).toBe('a');
  });

  it('counts a node without a slot as full for 250 ms if it does not report', async () => {
    const { cluster, clock } = clusterWith({ a: { slots: 2 } });
    const first = ask(cluster);
    (await first.lease).refused();
    first.release();
    const waiting = ask(cluster);
    await clock.advance(249);
    expect(waiting.position).toBe(0);
    await clock.advance(1);
    expect(await nodeOf(waiting)).toBe('a');
  });
});

describe('refusing', () => {
  it('knows a model that nobody has', async () => {
    const { cluster } = clusterWith({ a: {} });
    expect(await reasonOf(ask(cluster, 'nope'))).toBe('model_not_found');
  });

  it('says so when there is no node at all', async () => {
    const { cluster } = clusterWith({});
    expect(await reasonOf(ask(cluster))).toBe('no_healthy_node');
  });

  it('names the nodes that are ready when the pinned one is not', async () => {
    const { cluster } = clusterWith({ a: {} });
    await expect(ask(cluster, 'm', { pin: 'z' }).lease).rejects.toThrow('Node "z" is not ready. Ready: a.');
  });

  it('gives up at once when every node that has the model has failed the call', async () => {
    const { cluster } = clusterWith({ a: {} });
    const ticket = { sequence: 1, attempt: 2, excluded: new Set(['a']), place: {} };
    expect(await reasonOf(ask(cluster, 'm', { ticket }))).toBe('no_healthy_node');
  });

  it('waits for a silent node to come back', async () => {
    const { cluster, clock } = clusterWith({ a: {} });
    cluster.suspend('a');
    const waiting = ask(cluster);
    await clock.advance(4_999);
    cluster.report('a', sayHello, stateWith());
    expect(await nodeOf(waiting)).toBe('a');
  });

  it('does not wait for a silent node longer than its patience', async () => {
    const { cluster, clock } = clusterWith({ a: {} });
    cluster.suspend('a');
    const waiting = ask(cluster);
    await clock.advance(5_000);
    expect(await reasonOf(waiting)).toBe('no_healthy_node');
  });

  it.each([{ draining: true }, { problem: 'Ollama is down' }])('sends nothing to a node that reports %o', (state) => {
    const { cluster } = clusterWith({ a: state });
    expect(ask(cluster).position).toBe(0);
  });

  it('tells those who wait when the last node that could serve them is removed', async () => {
    const { cluster } = clusterWith({ a: { slots: 1 }, b: { models: ['n'] } });
    ask(cluster);
    ask(cluster);
    const waiting = ask(cluster);
    cluster.remove('a');
    expect(await reasonOf(waiting)).toBe('model_not_found');
  });
});

describe('when something changes', () => {
  it('tells those who wait that the model is gone from the only node that had it', async () => {
    const { cluster } = clusterWith({ a: { slots: 1 } });
    ask(cluster);
    ask(cluster);
    const waiting = ask(cluster);
    cluster.report('a', sayHello, stateWith({ models: ['n'] }));
    expect(await reasonOf(waiting)).toBe('model_not_found');
  });

  it('plans once for all that happens in a turn', async () => {
    const clock = virtualClock();
    let plans = 0;
    const concurrency = () => (plans += 1) && Infinity;
    const cluster = createCluster({ clock, random: seededRandom(1), concurrency });
    cluster.report('a', sayHello, stateWith({ slots: 1 }));
    for (let n = 0; n < 4; n += 1) ask(cluster);
    await Promise.resolve();
    plans = 0;
    for (let n = 0; n < 5; n += 1) cluster.report('a', sayHello, stateWith({ slots: 1 }));
    await Promise.resolve();
    expect(plans).toBe(1);
    await Promise.resolve();
    cluster.report('a', sayHello, stateWith({ slots: 1 }));
    await Promise.resolve();
    expect(plans).toBe(2);
  });

  it('costs nothing while nobody waits', async () => {
    const { cluster, clock } = clusterWith({ a: { slots: 1 } });
    const running = [ask(cluster), ask(cluster)];
    await clock.advance(1_000);
    expect(clock.pending).toBe(0);
    const waiting = ask(cluster);
    await clock.advance(5_000);
    expect(clock.pending).toBe(1);
    waiting.release();
    for (const request of running) request.release();
    await clock.advance(1_000);
    expect(clock.pending).toBe(0);
  });

  it('looks at places once a second, and tells those who wait', async () => {
    const { cluster, clock } = clusterWith({ a: { slots: 1 } });
    ask(cluster);
    ask(cluster);
    const waiting = ask(cluster);
    let told = 0;
    const listen = async (): Promise<void> => {
      for (;;) {
        await waiting.moved();
        told += 1;
        if (waiting.position === undefined) return;
      }
    };
    void listen();
    await clock.advance(999);
    expect(told).toBe(0);
    await clock.advance(1);
    expect(told).toBe(1);
    await clock.advance(3_000);
    expect(told).toBe(4);
    waiting.release();
    await clock.advance(0);
    expect(told).toBe(5);
    await waiting.moved();
  });
});

describe('a call that waits', () => {
  it('knows when it is expected to start, as time passes', async () => {
    const { cluster, clock } = clusterWith({ a: { slots: 1 } });
    const running = ask(cluster);
    ask(cluster);
    const waiting = ask(cluster);
    await clock.advance(0);
    const first = waiting.etaMs!;
    expect(first).toBeGreaterThan(0);
    await clock.advance(300);
    expect(waiting.etaMs).toBe(first - 300);
    expect(running.position).toBeUndefined();
    expect(cluster.waitingCalls).toMatchObject([{ etaMs: first - 300 }]);
  });

  it('is canceled by its id, with all that have it, and no other', async () => {
    const { cluster } = clusterWith({ a: { slots: 1 } });
    ask(cluster);
    ask(cluster);
    const [one, two] = [ask(cluster, 'm', { requestId: 'r9' }), ask(cluster, 'm', { requestId: 'r9' })];
    ask(cluster, 'm', { requestId: 'r8' });
    expect(cluster.cancel('r9')).toBe(2);
    expect([await reasonOf(one), await reasonOf(two)]).toEqual(['client_closed', 'client_closed']);
    expect(cluster.waiting).toBe(1);
    expect(cluster.cancel('r9')).toBe(0);
  });

  it('is given another time when it was aborted before it asked', async () => {
    const { cluster } = clusterWith({ a: { slots: 1 } });
    const gone = ask(cluster, 'm', { signal: AbortSignal.abort() });
    expect(await reasonOf(gone)).toBe('client_closed');
    expect(cluster).toMatchObject({ waiting: 0, inFlight: 0 });
  });

  it('is refused at the door when too many wait', async () => {
    const clock = virtualClock();
    const cluster = createCluster({
      clock,
      random: seededRandom(1),
      queueSize: () => 2,
      parameters: { aheadMs: Infinity },
    });
    cluster.report('a', sayHello, stateWith({ slots: 1 }));
    const requests = [1, 2, 3, 4, 5].map(() => ask(cluster));
    expect(await reasonOf(requests[4]!)).toBe('overloaded');
    expect(cluster).toMatchObject({ waiting: 2, refused: 1 });
  });

  it('that no node could serve for a while forgets that when one can', async () => {
    const { cluster, clock } = clusterWith({ a: { slots: 1 } });
    const running = [ask(cluster), ask(cluster)];
    const waiting = ask(cluster);
    cluster.suspend('a');
    await clock.advance(3_000);
    cluster.report('a', sayHello, stateWith({ slots: 1 }));
    await clock.advance(3_000);
    cluster.suspend('a');
    await clock.advance(4_999);
    expect(waiting.position).toBe(0);
    await clock.advance(1);
    expect(await reasonOf(waiting)).toBe('no_healthy_node');
    for (const request of running) request.release();
  });
});

describe('a preview', () => {
  it('takes nothing, and says why nodes are not among its options', () => {
    const { cluster } = clusterWith({ a: {}, b: { models: ['n'] } });
    const { demand, options, exclusions } = cluster.options(callFor('m'), contextWith());
    expect(demand.model).toBe('m:latest');
    expect(options.map(({ node }) => node)).toEqual(['a']);
    expect(exclusions.map(({ node }) => node)).toEqual(['b']);
    expect(cluster).toMatchObject({ inFlight: 0, waiting: 0 });
  });

  it('can be acted on: the model is on its way until that is over', () => {
    const { cluster } = clusterWith({ a: {} });
    const [option] = cluster.options(callFor('m'), contextWith()).options;
    const over = cluster.prepare(callFor('m'), contextWith(), option!);
    const runners = () => cluster.facts[0]!.runners.map(({ model, loading }) => [model, loading]);
    expect(runners()).toEqual([['m:latest', true]]);
    over(false);
    expect(runners()).toEqual([]);
    cluster.prepare(callFor('m'), contextWith(), { ...option!, node: 'gone' })(true);
    expect(runners()).toEqual([]);
  });
});

it('never gives more leases than slots and one that waits, and forgets nobody, whatever the order of events', async () => {
  for (let seed = 1; seed <= 50; seed++) {
    const random = seededRandom(seed);
    const slots = { a: 2, b: 3 };
    const cluster = createCluster({ clock: virtualClock(), random, longestWaitMs: Infinity });
    cluster.report('a', sayHello, stateWith({ slots: 2 }));
    cluster.report('b', sayHello, stateWith({ slots: 3 }));
    const open = new Set<Request>();
    for (let step = 0; step < 200; step++) {
      const oldest = [...open][Math.floor(random() * open.size)];
      if (random() < 0.55) open.add(ask(cluster));
      else if (oldest) {
        oldest.release();
        open.delete(oldest);
      }
      for (const node of cluster.nodes) {
        expect(node.inFlight, `seed ${seed}, step ${step}`).toBeLessThanOrEqual(slots[node.name as 'a' | 'b'] + 1);
      }
    }
    const inFlight = cluster.nodes.reduce((sum, node) => sum + node.inFlight, 0);
    expect(inFlight + cluster.waiting, `seed ${seed}`).toBe(open.size);
    for (const request of open) request.release();
    expect(
      cluster.nodes.every((node) => node.inFlight === 0 && node.inFlightByModel.size === 0),
      `seed ${seed}`,
    ).toBe(true);
  }
});
