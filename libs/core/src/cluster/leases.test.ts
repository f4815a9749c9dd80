import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { CallSchema } from '@tutti/proto/tutti/agent/v1/call';
import { TimingsSchema, UsageSchema } from '@tutti/proto/tutti/agent/v1/chunk';
import { NodeStateSchema, type NodeState } from '@tutti/proto/tutti/agent/v1/state';
import { seededRandom, virtualClock } from '@tutti/testing';
import { describe, expect, it } from 'vitest';
import { callFor, contextWith, sayHello } from '../calls.fixture.ts';
import { delta, done } from '../chunk.ts';
import { ClusterError } from '../error.ts';
import type { Call } from '../generate.ts';
import { createCluster, type Cluster, type Decision, type Lease, type Request } from './cluster.ts';

/** A node with models of 4 GB, of which some are in memory with 8,192 tokens of context. */
function stateOf({ resident = ['m'] }: { readonly resident?: readonly string[] } = {}): NodeState {
  return create(NodeStateSchema, {
    models: ['m', 'x'].map((name) => ({ name, sizeBytes: 4e9, contextLength: 32_768 })),
    runners: resident.map((model) => ({ model, contextLength: 8_192, vramBytes: 5e9, slots: 4 })),
    slots: { total: 4, perRunner: 4 },
    modelMemoryBytes: 12e9,
  });
}

function clusterWith(state = stateOf()) {
  const clock = virtualClock();
  const decisions: Decision[] = [];
  const cluster = createCluster({ clock, random: seededRandom(1), onDecision: (decision) => decisions.push(decision) });
  cluster.report('a', sayHello, state);
  return { clock, cluster, decisions };
}

const wishing = (tokens: number): Partial<Call> => ({
  numCtx: { $typeName: 'tutti.agent.v1.ContextWindow', min: 0, preferred: tokens },
});

function ask(cluster: Cluster, model = 'm', changes: Partial<Call> = {}, context = contextWith()): Request {
  return cluster.request({ ...callFor(model), ...changes }, context);
}

const leaseOf = async (request: Request): Promise<Lease> => await request.lease;

const ended = (usage: MessageInitShape<typeof UsageSchema>, timings: MessageInitShape<typeof TimingsSchema>) =>
  done({ reason: 'stop', usage: create(UsageSchema, usage), timings: create(TimingsSchema, timings) });

describe('a choice', () => {
  it('is told with all that it was made from', async () => {
    const { cluster, clock, decisions } = clusterWith();
    await clock.advance(500);
    const ticket = { sequence: 7, attempt: 2, excluded: new Set<string>(), place: { since: 200 } };
    await leaseOf(ask(cluster, 'm', {}, contextWith({ requestId: 'r7', ticket })));
    expect(decisions).toMatchObject([
      {
        ...{ requestId: 'r7', attempt: 2, arrivedAt: 200, decidedAt: 500, policy: 'cost' },
        ...{ reason: 'resident, only node that can', demand: { model: 'm:latest' } },
        ...{ option: { node: 'a', kind: 'resident' }, options: [{ node: 'a' }], exclusions: [] },
      },
    ]);
  });

  it('is counted: calls, loads, and reloads that were not needed', async () => {
    const { cluster } = clusterWith();
    expect(cluster.placements).toEqual({ calls: 0, loads: 0, reloadsAvoided: 0 });
    await leaseOf(ask(cluster));
    await leaseOf(ask(cluster, 'm', wishing(8_192)));
    expect(cluster.placements).toEqual({ calls: 2, loads: 0, reloadsAvoided: 0 });
    await leaseOf(ask(cluster, 'm', wishing(4_096)));
    expect(cluster.placements).toEqual({ calls: 3, loads: 0, reloadsAvoided: 1 });
    await leaseOf(ask(cluster, 'x', wishing(2_048)));
    expect(cluster.placements).toEqual({ calls: 4, loads: 1, reloadsAvoided: 1 });
  });
});

describe('what the agent gets', () => {
  it('is the context that is needed, and the one to load with', async () => {
    const { cluster } = clusterWith(stateOf({ resident: [] }));
    const { call, evict, node } = await leaseOf(ask(cluster, 'm', wishing(6_000)));
    expect({ call, evict, node }).toMatchObject({
      node: 'a',
      evict: [],
      call: { numCtx: { min: 6_000, preferred: 6_000 } },
    });
  });

  it('is the server left to its default, where nobody asked for more than is usual', async () => {
    const { cluster } = clusterWith(stateOf({ resident: [] }));
    const { call } = await leaseOf(ask(cluster));
    expect(call.numCtx).toMatchObject({ preferred: 0 });
    expect(call.numCtx!.min).toBeGreaterThan(0);
    const { cluster: other } = clusterWith(stateOf({ resident: [] }));
    const asked = await leaseOf(ask(other, 'm', wishing(4_096)));
    expect(asked.call.numCtx).toMatchObject({ min: 4_096, preferred: 4_096 });
  });

  it('is the context of the model in memory', async () => {
    const { cluster } = clusterWith();
    expect((await leaseOf(ask(cluster))).call.numCtx).toMatchObject({ preferred: 8_192 });
    const silent = stateOf();
    delete silent.runners[0]!.contextLength;
    const { cluster: other } = clusterWith(silent);
    expect((await leaseOf(ask(other))).call.numCtx).toMatchObject({ preferred: 0 });
  });

  it('is the time in which its first output is expected', async () => {
    const { cluster } = clusterWith(stateOf({ resident: [] }));
    const { options } = cluster.options(callFor('m'), contextWith());
    const { waitMs, loadMs, prefillMs } = options[0]!.parts;
    expect(loadMs).toBeGreaterThan(0);
    expect((await leaseOf(ask(cluster))).firstOutputMs).toBe(waitMs + loadMs + prefillMs);
  });

  it('gives time to read all of a prompt whose beginning may have left the cache', async () => {
    const { cluster, decisions } = clusterWith();
    const prompt = 'word '.repeat(4_000);
    const { kind } = create(CallSchema, { model: 'm', kind: { case: 'completion', value: { prompt } } });
    const [first, second] = [await leaseOf(ask(cluster, 'm', { kind })), await leaseOf(ask(cluster, 'm', { kind }))];
    expect(decisions[1]!.option.cachedTokens).toBeGreaterThan(4_000);
    expect(second.firstOutputMs).toBeGreaterThan(0.8 * first.firstOutputMs);
  });
});

describe('what runs', () => {
  it('is known by when its first output came, and how much there is', async () => {
    const { cluster, clock } = clusterWith();
    const lease = await leaseOf(ask(cluster));
    const running = () => cluster.facts[0]!.calls[0];
    expect(running()).toMatchObject({ startedAt: 0, firstTokenAt: undefined, outputTokens: 0, loads: false });
    await clock.advance(400);
    for (let n = 0; n < 3; n += 1) {
      lease.observe(delta({ text: 'on' }));
      await clock.advance(50);
    }
    expect(running()).toMatchObject({ startedAt: 0, firstTokenAt: 400, outputTokens: 3 });
  });

  it('has its model in memory from its first output on', async () => {
    const { cluster } = clusterWith(stateOf({ resident: [] }));
    const lease = await leaseOf(ask(cluster));
    const seen = () => {
      const { calls, runners } = cluster.facts[0]!;
      return { loads: calls[0]!.loads, loading: runners[0]!.loading };
    };
    expect(seen()).toEqual({ loads: true, loading: true });
    lease.observe(delta({ text: 'on' }));
    expect(seen()).toEqual({ loads: false, loading: false });
  });

  it('has its model in memory when it ends without a word, unless that was its end', async () => {
    const { cluster } = clusterWith(stateOf({ resident: [] }));
    const resident = () => cluster.facts[0]!.runners.map(({ model, loading }) => [model, loading]);
    const run = async (reason: string): Promise<void> => {
      const request = ask(cluster);
      const lease = await leaseOf(request);
      lease.observe(done({ reason }));
      lease.ended();
      request.release();
    };
    await run('load');
    expect(resident()).toEqual([['m:latest', false]]);
    await run('load');
    expect(resident()).toEqual([['m:latest', false]]);
    await run('unload');
    expect(resident()).toEqual([]);
  });

  it('is over once, however often that is told', async () => {
    const { cluster } = clusterWith();
    const [one, other] = [ask(cluster), ask(cluster)];
    const lease = await leaseOf(one);
    lease.ended();
    lease.ended(new ClusterError('upstream_error', 'late'));
    for (let n = 0; n < 3; n += 1) one.release();
    expect(cluster.inFlight).toBe(1);
    expect(cluster.breakers.view('a')).toMatchObject({ failures: 0, models: [] });
    other.release();
    expect(cluster.inFlight).toBe(0);
  });

  it('counts against its node when it fails there, and not when its caller leaves', async () => {
    const { cluster } = clusterWith();
    const end = async (how: (lease: Lease) => void) => {
      const request = ask(cluster);
      how(await leaseOf(request));
      request.release();
    };
    for (let n = 0; n < 3; n += 1) await end(() => {});
    expect(cluster.breakers.allows('a', 'm:latest')).toBe(true);
    for (let n = 0; n < 3; n += 1) await end((lease) => lease.ended(new ClusterError('upstream_error', 'it broke')));
    expect(cluster.breakers.allows('a', 'm:latest')).toBe(false);
  });

  it('keeps others from its node for a while when the node is busy: 2 s or as long as it says, without a slot 250 ms', async () => {
    const { cluster, clock } = clusterWith();
    const isFull = () => cluster.facts[0]!.full;
    const lease = await leaseOf(ask(cluster));
    lease.ended(new ClusterError('overloaded', 'busy'));
    expect(isFull()).toBe(true);
    await clock.advance(1_999);
    expect(isFull()).toBe(true);
    await clock.advance(1);
    expect(isFull()).toBe(false);
    (await leaseOf(ask(cluster))).refused();
    await clock.advance(249);
    expect(isFull()).toBe(true);
    await clock.advance(1);
    expect(isFull()).toBe(false);
    (await leaseOf(ask(cluster))).ended(new ClusterError('upstream_error', 'broken'));
    expect(isFull()).toBe(false);
    (await leaseOf(ask(cluster))).ended(new ClusterError('overloaded', 'busy', { retryAfterMs: 7_000 }));
    await clock.advance(6_999);
    expect(isFull()).toBe(true);
    await clock.advance(1);
    expect(isFull()).toBe(false);
  });

  it('does not free a node too soon that has refused twice', async () => {
    const { cluster, clock } = clusterWith();
    const [one, other] = [await leaseOf(ask(cluster)), await leaseOf(ask(cluster))];
    one.refused();
    await clock.advance(200);
    other.refused();
    await clock.advance(50);
    expect(cluster.facts[0]!.full).toBe(true);
    await clock.advance(200);
    expect(cluster.facts[0]!.full).toBe(false);
  });
});

describe('what a call teaches', () => {
  const last = ended({ promptTokens: 1_000, cachedTokens: 0, outputTokens: 100 }, { promptMs: 1_000, outputMs: 2_000 });

  it('is the speed of a call alone, whatever ran beside it', async () => {
    const { cluster } = clusterWith();
    const first = await leaseOf(ask(cluster));
    first.observe(last);
    expect(cluster.estimates.measured('a')).toMatchObject([{ model: 'm:latest', decodePerSecond: 50 }]);

    const crowded = clusterWith(stateOf({ resident: ['m', 'x'] })).cluster;
    for (const model of ['m', 'm', 'x']) await leaseOf(ask(crowded, model));
    (await leaseOf(ask(crowded))).observe(last);
    const [measured] = crowded.estimates.measured('a');
    expect(measured!.decodePerSecond).toBeCloseTo(50 * (1 + 2 * 0.2 + 0.9));
  });

  it('is how long a load takes, if it loaded', async () => {
    const learnt = async (resident: string[]) => {
      const { cluster } = clusterWith(stateOf({ resident }));
      (await leaseOf(ask(cluster))).observe(
        ended({ promptTokens: 1_000, outputTokens: 100 }, { promptMs: 1_000, outputMs: 2_000, loadMs: 7_000 }),
      );
      return cluster.estimates.measured('a')[0];
    };
    expect(await learnt([])).toMatchObject({ loadMs: 7_000 });
    expect(await learnt(['m'])).not.toHaveProperty('loadMs');
  });
});
