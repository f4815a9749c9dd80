import type { ClusterError } from '@tutti/core';
import { NodeStatus } from '@tutti/proto/tutti/v1/node';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { closeRigs, startRig } from './membership.fixture.ts';

afterEach(closeRigs);

const reasonOf = (call: Promise<unknown>) =>
  call.then(
    () => 'none',
    (error: ClusterError) => error.reason,
  );

describe('a node', () => {
  it('is ready once it has been dialled back and has reported', async () => {
    const { register, whenReady, dialled } = startRig();
    await register('a', { address: 'host:42' });
    await whenReady('a');
    expect(dialled).toEqual(['host:42']);
  });

  it('is not ready while it cannot be watched, and is dialled again', async () => {
    const { register, silent, ready, whenReady, clock } = startRig();
    silent.add('host:1');
    await register('a');
    await clock.advance(400);
    expect(ready()).toEqual([]);
    silent.clear();
    await clock.advance(600);
    await whenReady('a');
  });

  it('gets nothing after 45 s without a heartbeat, is back with the next, and is out after 90 s', async () => {
    const { register, heartbeat, ready, whenReady, clock, cluster } = startRig();
    const { epoch } = await register('a');
    await whenReady('a');
    await clock.advance(44_999);
    expect(ready()).toEqual(['a']);
    await clock.advance(1);
    expect(ready()).toEqual([]);
    await heartbeat('a', epoch);
    expect(ready()).toEqual(['a']);
    await clock.advance(90_000);
    expect(cluster.nodes).toEqual([]);
    expect(await reasonOf(heartbeat('a', epoch))).toBe('unknown_node');
  });

  it('that registers again gets a higher epoch, and its old one ends', async () => {
    const { register, heartbeat, whenReady } = startRig();
    const first = await register('a');
    const second = await register('a');
    expect(second.epoch).toBeGreaterThan(first.epoch);
    await whenReady('a');
    expect(await reasonOf(heartbeat('a', first.epoch))).toBe('unknown_node');
    expect(await reasonOf(heartbeat('a', second.epoch))).toBe('none');
  });

  it('that was replaced by another process with its identity is told so', async () => {
    const { register, heartbeat } = startRig();
    const { epoch } = await register('a', { bootId: 'old' });
    await register('a', { bootId: 'new' });
    expect(await reasonOf(heartbeat('a', epoch, { bootId: 'old' }))).toBe('stale_epoch');
  });

  it('that has the name of another gets one of its own', async () => {
    const { register, cluster, whenReady } = startRig();
    await register('id-one', { name: 'box' });
    await register('id-two', { name: 'box' });
    await whenReady('box', 'box-id-t');
    expect(cluster.nodes).toHaveLength(2);
  });
});

it('a node that comes back under another name leaves no ghost of the old one', async () => {
  const { register, whenReady, cluster } = startRig();
  await register('a', { name: 'before' });
  await whenReady('before');
  await register('a', { name: 'after' });
  await whenReady('after');
  expect(cluster.nodes.map((node) => node.name)).toEqual(['after']);
});

it.each([{ name: 'bad\r\nset-cookie: x=1' }, { name: '' }, { nodeId: '' }, { nodeId: 'x'.repeat(65) }])(
  'refuses an agent that calls itself %o',
  async (changes) => {
    const { register } = startRig();
    expect(await reasonOf(register('a', changes))).toBe('invalid_request');
  },
);

it('refuses an agent of another protocol, and says who must be updated', async () => {
  const { register } = startRig();
  await expect(register('a', { protocolVersion: 2 })).rejects.toThrow(
    'Agent a speaks protocol 2, this orchestrator 1 to 1: update the orchestrator.',
  );
  expect(await reasonOf(register('a', { protocolVersion: 0 }))).toBe('protocol_mismatch');
});

it('refuses an address that cannot be dialled', async () => {
  const { register } = startRig();
  await expect(register('a', { address: 'nowhere' })).rejects.toThrow('"host:port", got "nowhere"');
});

it('does not know the heartbeat of a stranger', async () => {
  const { heartbeat } = startRig();
  expect(await reasonOf(heartbeat('z', 1))).toBe('unknown_node');
});

it('does not take a heartbeat that comes twice or late for a sign of life', async () => {
  const { register, heartbeat, ready, whenReady, clock, membership } = startRig();
  const { epoch } = await register('a');
  await whenReady('a');
  await heartbeat('a', epoch, { seq: 7 });
  await clock.advance(40_000);
  await heartbeat('a', epoch, { seq: 7 });
  await heartbeat('a', epoch, { seq: 3 });
  await clock.advance(5_000);
  expect(ready()).toEqual([]);
  expect(membership.find('a').warnings).toEqual([
    'A heartbeat came twice or out of order and was ignored: number 3 after 7.',
  ]);
  await heartbeat('a', epoch, { seq: 8 });
  expect(ready()).toEqual(['a']);
});

it('asks a node that went to another network to register again, and finds it there', async () => {
  const { register, heartbeat, whenReady, watches, silent, dialled, clock } = startRig();
  const { epoch } = await register('a', { address: 'home:1' });
  await whenReady('a');
  await heartbeat('a', epoch, { address: 'cafe:1' });
  silent.add('home:1');
  watches.get('home:1')!.fail();
  await whenReady();
  expect(await reasonOf(heartbeat('a', epoch, { address: 'home:1' }))).toBe('none');
  expect(await reasonOf(heartbeat('a', epoch, { address: 'cafe:1' }))).toBe('unknown_node');
  await register('a', { address: 'cafe:1' });
  await whenReady('a');
  await clock.advance(10_000);
  expect(dialled).toEqual(['home:1', 'cafe:1']);
  expect([...watches.keys()]).toEqual(['cafe:1']);
});

describe('a node that was lost', () => {
  it('is shown as lost for a day, and then no more', async () => {
    const { register, whenReady, clock, membership } = startRig();
    await register('a', { agentVersion: '1.2.3' });
    await whenReady('a');
    await clock.advance(90_000);
    const lost = { name: 'a', id: 'a', status: NodeStatus.LOST, agentVersion: '1.2.3', heartbeatAgeMs: 90_000 };
    expect(membership.list()).toMatchObject([lost]);
    await clock.advance(8.5 * 60_000);
    expect(membership.find('a').problem).toMatch(/last heard of 10 min ago: start its agent.*"tutti node rm a"/);
    await clock.advance(24 * 60 * 60_000);
    expect(membership.list()).toEqual([]);
  });

  it('is absent after that day if it is declared', async () => {
    const { register, whenReady, clock, membership } = startRig();
    membership.declare([{ name: 'a', kind: 'agent', attributes: {} }]);
    await register('a');
    await whenReady('a');
    await clock.advance(25 * 60 * 60_000);
    expect(membership.list()).toMatchObject([{ name: 'a', status: NodeStatus.ABSENT }]);
  });

  it('is itself again when it is back, also under another name', async () => {
    const { register, whenReady, clock, membership } = startRig();
    await register('a', { name: 'before' });
    await whenReady('before');
    await clock.advance(90_000);
    await register('a', { name: 'after' });
    await whenReady('after');
    expect(membership.list()).toMatchObject([{ name: 'after', status: NodeStatus.READY }]);
  });

  it('leaves its name to another machine, and can be removed', async () => {
    const { register, whenReady, clock, membership } = startRig();
    await register('a', { name: 'box' });
    await register('b', { name: 'bin', address: 'host:2' });
    await whenReady('box', 'bin');
    await clock.advance(90_000);
    await register('c', { name: 'box' });
    await whenReady('box');
    expect(membership.find('box')).toMatchObject({ id: 'c', status: NodeStatus.READY });
    await membership.remove('bin');
    expect(membership.list().map(({ name }) => name)).toEqual(['box']);
    expect(membership.isRemoved('b')).toBe(true);
  });
});

describe('the cluster is told of a node', () => {
  it('what people say of it, before it gets calls and at each change', async () => {
    const { register, whenReady, membership, descriptions } = startRig();
    membership.declare([{ name: 'a', kind: 'agent', attributes: { tier: 1, trust: 'local' } }]);
    await register('a');
    expect(descriptions.get('a')).toEqual({ attributes: { tier: 1, trust: 'local' }, sameMachine: false });
    await whenReady('a');
    await membership.keep('a', { attributes: { weight: 3 } });
    expect(descriptions.get('a')?.attributes).toEqual({ tier: 1, trust: 'local', weight: 3 });
    membership.declare([]);
    expect(descriptions.get('a')?.attributes).toEqual({ weight: 3 });
  });

  it.each([
    ['127.0.0.1:1', true],
    ['[::1]:1', true],
    ['localhost:1', true],
    ['192.168.1.7:1', false],
    ['gpu0:1', false],
  ])('whether it is on this machine: dialled at %s, %s', async (address, sameMachine) => {
    const { register, descriptions } = startRig();
    await register('a', { address });
    expect(descriptions.get('a')).toEqual({ attributes: {}, sameMachine });
  });
});

it('an agent that takes the connection and reports nothing is not ready, and says so; others are', async () => {
  const { register, heartbeat, mute, whenReady, ready, clock, membership } = startRig();
  mute.add('host:1');
  const { epoch } = await register('a');
  await register('b', { address: 'host:2' });
  await whenReady('b');
  await clock.advance(16_000);
  expect(membership.find('a').problem).toMatch(
    /cannot be reached from here \(The agent takes the connection and reports/,
  );
  expect(ready()).toEqual(['b']);
  mute.clear();
  await heartbeat('a', epoch);
  await clock.advance(15_000);
  await vi.waitFor(() => expect(ready().toSorted()).toEqual(['a', 'b']));
});
