import type { ClusterError } from '@tutti/core';
import { afterEach, describe, expect, it } from 'vitest';
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

  it('gets nothing after 45 s without a heartbeat, is back with the next, and is forgotten after 90 s', async () => {
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
    expect(await reasonOf(heartbeat('a', epoch, 'old'))).toBe('stale_epoch');
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
