import { create } from '@bufbuild/protobuf';
import { ClusterError, type NodeRecord } from '@tutti/core';
import { HeartbeatRequestSchema, RegisterRequestSchema } from '@tutti/proto/tutti/agent/v1/registry';
import { NodeStatus } from '@tutti/proto/tutti/v1/node';
import type { HandlerContext } from '@tutti/rpc';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { closeRigs, memoryNodes, startRig } from './membership.fixture.ts';
import { callOf, contextOf } from '../observation/traffic.fixture.ts';

afterEach(closeRigs);

type Rig = ReturnType<typeof startRig>;

const statusOf = ({ membership }: Rig, name: string) => membership.find(name).status;

/** Calls model "m" and tells which agents were chosen, and how it ended. */
async function ask({ generate }: Rig): Promise<{ nodes: string[]; end: string }> {
  const nodes: string[] = [];
  try {
    for await (const { kind } of generate(callOf({}), contextOf({}))) {
      if (kind.case !== 'progress' || kind.value.kind.case !== 'dispatched') continue;
      nodes.push(kind.value.kind.value.node);
    }
    return { nodes, end: 'done' };
  } catch (thrown) {
    return { nodes, end: (thrown as ClusterError).reason };
  }
}

const declared = (name: string, changes: Partial<NodeRecord> = {}): NodeRecord => ({
  name,
  kind: 'agent',
  attributes: {},
  ...changes,
});

describe('the list', () => {
  it('joins what is declared, kept and connected, by name', async () => {
    const rig = startRig({ nodes: memoryNodes(declared('c', { attributes: { tier: 2 } })).repository });
    rig.membership.declare([declared('a', { attributes: { type: 'gpu', labels: { room: 'attic' } } })]);
    await rig.register('b', { agentVersion: '1.2.3' });
    await rig.register('a');
    await rig.whenReady('b', 'a');
    await vi.waitFor(() => expect(rig.membership.list().map(({ name }) => name)).toEqual(['a', 'b', 'c']));
    const [a, b, c] = rig.membership.list();
    expect(a).toMatchObject({ status: NodeStatus.READY, id: 'a', kind: 'agent', problem: '', modelCount: 1 });
    expect(a?.attributes).toMatchObject({ type: 'gpu', labels: { room: 'attic' } });
    expect(b).toMatchObject({ status: NodeStatus.READY, agentVersion: '1.2.3', slots: { total: 1, inFlight: 0 } });
    expect(c).toMatchObject({ status: NodeStatus.ABSENT, id: '', attributes: { tier: 2 } });
    expect(c?.problem).toContain('"tutti token create"');
    expect(c?.heartbeatAgeMs).toBeUndefined();
  });

  it('counts the milliseconds since a node was last heard of', async () => {
    const rig = startRig();
    const { epoch } = await rig.register('a');
    await rig.whenReady('a');
    await rig.clock.advance(50_000);
    expect(rig.membership.find('a')).toMatchObject({ heartbeatAgeMs: 50_000, status: NodeStatus.SUSPECT });
    expect(rig.membership.find('a').problem).toContain('No heartbeat for 50 s');
    await rig.heartbeat('a', epoch);
    expect(rig.membership.find('a')).toMatchObject({ heartbeatAgeMs: 0, status: NodeStatus.READY, problem: '' });
  });

  it('tells of an agent that registers and cannot be reached', async () => {
    const rig = startRig();
    rig.silent.add('host:1');
    await rig.register('a');
    await vi.waitFor(() => expect(rig.membership.find('a').problem).toContain('firewall'));
    expect(statusOf(rig, 'a')).toBe(NodeStatus.SUSPECT);
  });

  it('shows when a certificate ends', async () => {
    const rig = startRig();
    await rig.membership.put(declared('a', { id: 'x', certificateExpiresAt: Date.UTC(2026, 5, 1) }));
    expect(rig.membership.find('a')).toMatchObject({ id: 'x', certificateExpiresAt: '2026-06-01T00:00:00.000Z' });
  });

  it('knows whom a slip of the finger meant', () => {
    const rig = startRig();
    rig.membership.declare([declared('laptop')]);
    expect(() => rig.membership.find('latpop')).toThrow('There is no node "latpop". Did you mean "laptop"?');
    expect(() => rig.membership.find('gpu0')).toThrow('"tutti nodes" lists');
  });
});

it('the list tells what was learnt of a node, and what troubles it', async () => {
  const rig = startRig();
  const speeds = [{ model: 'm:latest', prefillPerSecond: 900, loadMs: 4_000, samples: 12 }];
  Object.assign(rig.cluster.estimates, { measured: (name: string) => (name === 'a' ? speeds : []) });
  await rig.register('a');
  await rig.register('b', { address: 'host:2' });
  await rig.whenReady('a', 'b');
  const slots = { total: 4, busy: 1, zombie: 2, perRunner: 1 };
  rig.report({ seq: 2, slots, runners: [{ model: 'm', problem: 'silent for 40 s' }], modelMemoryBytes: 8e9 });
  await vi.waitFor(() => expect(rig.membership.find('a').modelMemoryBytes).toBe(8e9));
  failThrice(rig, 'a');
  const [a, b] = rig.membership.list();
  expect(a).toMatchObject({
    breaker: { state: 'open', failures: 3, reason: 'node_unreachable' },
    ...{ speeds, slots: { total: 4, zombie: 2 }, runners: [{ model: 'm', problem: 'silent for 40 s' }] },
  });
  expect(a?.speeds[0]?.decodePerSecond).toBeUndefined();
  expect(b).toMatchObject({ breaker: { state: 'closed', failures: 0 }, speeds: [] });
});

it('what a process failed at is not held against the one that takes its place', async () => {
  const rig = startRig();
  await rig.register('a');
  await rig.whenReady('a');
  failThrice(rig, 'a');
  await rig.register('a');
  expect(rig.membership.find('a').breaker?.state).toBe('open');
  await rig.register('a', { bootId: 'other' });
  expect(rig.membership.find('a').breaker?.state).toBe('closed');
});

function failThrice({ cluster }: Rig, node: string): void {
  const error = new ClusterError('node_unreachable', 'The node is gone.');
  for (let time = 0; time < 3; time++) cluster.breakers.started(node, 'm')(error);
}

it('a node whose connection broke is not told to mend its firewall', async () => {
  const rig = startRig();
  await rig.register('a');
  await rig.whenReady('a');
  rig.silent.add('host:1');
  rig.watches.get('host:1')!.fail();
  await vi.waitFor(() => expect(rig.membership.find('a').problem).toMatch(/^Its connection broke/));
});

describe('a node that is told to rest', () => {
  it('is cordoned: gets nothing, over restarts of either process, until it is uncordoned', async () => {
    const store = memoryNodes();
    const rig = startRig({ nodes: store.repository });
    await rig.register('a');
    await rig.whenReady('a');
    await rig.membership.cordon('a');
    expect(rig.membership.find('a')).toMatchObject({
      status: NodeStatus.CORDONED,
      problem: 'It was told to take no new calls; "tutti node uncordon a" gives it calls again.',
    });
    const next = startRig({ nodes: store.repository });
    await next.register('a');
    await vi.waitFor(() => expect(statusOf(next, 'a')).toBe(NodeStatus.CORDONED));
    expect(next.ready()).toEqual([]);
    await next.membership.uncordon('a');
    expect(next.ready()).toEqual(['a']);
    expect(statusOf(next, 'a')).toBe(NodeStatus.READY);
  });

  it('is drained: what runs ends by itself, and it says when it is done', async () => {
    const rig = startRig();
    await rig.register('a');
    await rig.whenReady('a');
    rig.slow.add('host:1');
    const controller = new AbortController();
    const answer = Array.fromAsync(rig.generate(callOf({}), { ...contextOf({}), signal: controller.signal }));
    await vi.waitFor(() => expect(rig.cluster.inFlight).toBe(1));
    await rig.membership.drain('a');
    expect(rig.membership.find('a')).toMatchObject({ status: NodeStatus.DRAINING, slots: { inFlight: 1 } });
    expect(rig.membership.find('a').problem).toContain('when its 1 running calls are over');
    controller.abort();
    await expect(answer).rejects.toMatchObject({ reason: 'client_closed' });
    expect(rig.membership.find('a').problem).toContain('It is drained');
    await rig.membership.uncordon('a');
    expect(statusOf(rig, 'a')).toBe(NodeStatus.READY);
  });

  it('is drained by a deadline: what still runs then is ended, and goes elsewhere', async () => {
    const rig = startRig();
    await rig.register('a');
    await rig.whenReady('a');
    rig.slow.add('host:1');
    const asked = ask(rig);
    await vi.waitFor(() => expect(rig.cluster.inFlight).toBe(1));
    await rig.register('b', { address: 'host:2' });
    await rig.whenReady('a', 'b');
    await rig.membership.drain('a', 42_000);
    expect(rig.membership.find('a').problem).toMatch(/when its 1 running calls are over, at the latest in 42 s/);
    await rig.clock.advance(41_999);
    expect(rig.cluster.inFlight).toBe(1);
    await rig.clock.advance(1);
    expect(await asked).toEqual({ nodes: ['a', 'b'], end: 'done' });
    expect(rig.membership.find('a').problem).toContain('It is drained');
  });

  it('ends at the deadline what runs under earlier registrations as well', async () => {
    const rig = startRig();
    await rig.register('a');
    await rig.whenReady('a');
    rig.slow.add('host:1');
    const asked = ask(rig);
    await vi.waitFor(() => expect(rig.cluster.inFlight).toBe(1));
    // The call is with the agent.
    await rig.clock.advance(0);
    await rig.register('a', { address: 'host:2' });
    await rig.whenReady('a');
    await rig.membership.drain('a', 0);
    await rig.clock.advance(1_000);
    expect(await asked).toEqual({ nodes: ['a'], end: 'draining' });
    expect(rig.cluster.inFlight).toBe(0);
  });

  it.each([
    ['uncordoned', (rig: Rig) => rig.membership.uncordon('a')],
    ['drained without a deadline', (rig: Rig) => rig.membership.drain('a')],
    ['cordoned', (rig: Rig) => rig.membership.cordon('a')],
  ])('has no deadline any more once it is %s', async (_, change) => {
    const rig = startRig();
    await rig.register('a');
    await rig.whenReady('a');
    rig.slow.add('host:1');
    const controller = new AbortController();
    const answer = Array.fromAsync(rig.generate(callOf({}), { ...contextOf({}), signal: controller.signal }));
    await vi.waitFor(() => expect(rig.cluster.inFlight).toBe(1));
    await rig.membership.drain('a', 30_000);
    await change(rig);
    await rig.clock.advance(40_000);
    expect(rig.cluster.inFlight).toBe(1);
    controller.abort();
    await expect(answer).rejects.toMatchObject({ reason: 'client_closed' });
  });

  it('that shuts down by itself says so, also when it has gone', async () => {
    const rig = startRig();
    await rig.register('a');
    await rig.whenReady('a');
    rig.report({ seq: 2, draining: true });
    await vi.waitFor(() => expect(statusOf(rig, 'a')).toBe(NodeStatus.DRAINING));
    expect(rig.membership.find('a').problem).toContain('is shutting down');
    rig.watches.get('host:1')!.fail();
    await vi.waitFor(() => expect(statusOf(rig, 'a')).toBe(NodeStatus.SUSPECT));
    expect(rig.membership.find('a').problem).toBe('Its agent was shut down; start it again when you want it back.');
  });

  it('is an error for a node that is not there', async () => {
    const rig = startRig();
    await expect(rig.membership.cordon('z')).rejects.toMatchObject({ reason: 'not_found' });
    await expect(rig.membership.drain('z')).rejects.toMatchObject({ reason: 'not_found' });
    await expect(rig.membership.remove('z')).rejects.toMatchObject({ reason: 'not_found' });
    expect(rig.membership.list()).toEqual([]);
  });
});

describe('a node that is removed', () => {
  it('is cut off at once: its call goes elsewhere, its id is refused, also after a restart', async () => {
    const store = memoryNodes();
    const removed: string[] = [];
    const rig = startRig({ nodes: store.repository, onRemoved: (id) => removed.push(id) });
    const { epoch } = await rig.register('a');
    await rig.whenReady('a');
    rig.slow.add('host:1');
    const asked = ask(rig);
    await vi.waitFor(() => expect(rig.cluster.inFlight).toBe(1));
    await rig.register('b', { address: 'host:2' });
    await rig.whenReady('a', 'b');
    await rig.membership.remove('a');
    expect(await asked).toEqual({ nodes: ['a', 'b'], end: 'done' });
    expect(removed).toEqual(['a']);
    expect(rig.membership.list().map(({ name }) => name)).toEqual(['b']);
    expect(rig.membership.isRemoved('a')).toBe(true);
    const refusal = { reason: 'forbidden', message: expect.stringContaining('Node a was removed; to let') };
    await expect(rig.register('a')).rejects.toMatchObject(refusal);
    await expect(rig.heartbeat('a', epoch)).rejects.toMatchObject(refusal);
    const next = startRig({ nodes: store.repository });
    await vi.waitFor(() => expect(next.membership.isRemoved('a')).toBe(true));
    await expect(next.register('a')).rejects.toMatchObject(refusal);
  });

  it('leaves its name to another machine, and stays out itself', async () => {
    const rig = startRig();
    await rig.membership.put(declared('box', { id: 'old', certificateExpiresAt: 1 }));
    await rig.membership.remove('box');
    await rig.register('new', { name: 'box' });
    await rig.membership.keep('box', { id: 'new' });
    await rig.whenReady('box');
    expect(rig.membership.find('box')).toMatchObject({ id: 'new', certificateExpiresAt: '' });
    await expect(rig.register('old', { name: 'box' })).rejects.toMatchObject({ reason: 'forbidden' });
  });

  it('does not come back with the configuration that declares it, unless it is declared anew', async () => {
    const rig = startRig();
    rig.membership.declare([declared('a')]);
    await rig.membership.remove('a');
    rig.membership.declare([declared('a')]);
    expect(rig.membership.list()).toEqual([]);
    await rig.membership.keep('a', {});
    expect(rig.membership.list().map(({ name }) => name)).toEqual(['a']);
  });

  it('by another orchestrator is cut off here as well', async () => {
    const store = memoryNodes();
    const [one, other] = [startRig({ nodes: store.repository }), startRig({ nodes: store.repository })];
    await one.register('a');
    await one.whenReady('a');
    await other.register('a');
    await other.membership.remove('a');
    await one.clock.advance(30_000);
    await vi.waitFor(() => expect(one.membership.list()).toEqual([]));
    expect(one.ready()).toEqual([]);
  });
});

describe('without its store, membership', () => {
  it('goes on, remembers what was said, and writes it once the store is back', async () => {
    const store = memoryNodes();
    store.setAway(true);
    const rig = startRig({ nodes: store.repository });
    await rig.register('a');
    await rig.register('b', { address: 'host:2' });
    await rig.whenReady('a', 'b');
    await rig.membership.cordon('a');
    await rig.membership.remove('b');
    expect(rig.membership.list().map(({ name, status }) => [name, status])).toEqual([['a', NodeStatus.CORDONED]]);
    expect(rig.ready()).toEqual([]);
    store.setAway(false);
    await rig.clock.advance(5_000);
    await vi.waitFor(() => expect([...store.records.keys()].toSorted()).toEqual(['a', 'b (b)']));
    expect(store.records.get('a')).toMatchObject({ cordoned: true });
  });
});

describe('an identity by certificate', () => {
  const context = (kind: 'node' | 'orchestrator', id: string): HandlerContext => ({
    signal: new AbortController().signal,
    metadata: new Map(),
    peer: '127.0.0.1:9',
    identity: { kind, id, serial: '1' },
  });
  const facts = { nodeId: 'a', bootId: 'b', name: 'a', address: 'host:1', protocolVersion: 1 };

  it.each([
    ['node', 'other'],
    ['orchestrator', 'a'],
  ] as const)('of %s %s cannot speak for node a', async (kind, id) => {
    const { registry } = startRig().membership;
    const refusal = { reason: 'forbidden' };
    const caller = context(kind, id);
    await expect(registry.register(create(RegisterRequestSchema, facts), caller)).rejects.toMatchObject(refusal);
    await expect(registry.heartbeat(create(HeartbeatRequestSchema, facts), caller)).rejects.toMatchObject(refusal);
  });

  it('lets its own node in, under the name that it joined with', async () => {
    const rig = startRig();
    await rig.membership.put(declared('joined', { id: 'a' }));
    await rig.membership.registry.register(create(RegisterRequestSchema, facts), context('node', 'a'));
    await rig.whenReady('joined');
  });

  it('keeps its name: another node that claims it gets one of its own', async () => {
    const rig = startRig();
    await rig.membership.put(declared('gpu0', { id: 'owner', attributes: { trust: 'local' } }));
    await rig.register('stranger', { name: 'gpu0' });
    await rig.whenReady('gpu0-stra');
    expect(rig.membership.find('gpu0-stra').attributes?.trust).toBe('');
  });
});

it('a call that an agent takes and never answers goes elsewhere', async () => {
  const rig = startRig();
  await rig.register('a');
  await rig.whenReady('a');
  rig.deaf.add('host:1');
  const asked = ask(rig);
  await vi.waitFor(() => expect(rig.cluster.inFlight).toBe(1));
  await rig.register('b', { address: 'host:2' });
  await rig.whenReady('a', 'b');
  await rig.clock.advance(14_999);
  expect(rig.cluster.inFlight).toBe(1);
  await rig.clock.advance(1);
  expect(await asked).toEqual({ nodes: ['a', 'b'], end: 'done' });
});
