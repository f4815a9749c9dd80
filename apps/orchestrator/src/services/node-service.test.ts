import { NodeService, NodeStatus } from '@tutti/proto/tutti/v1/node';
import { createClient, createMemoryChannel } from '@tutti/rpc';
import { afterEach, describe, expect, it } from 'vitest';
import { closeRigs, memoryNodes, startRig } from '../members/membership.fixture.ts';
import { nodeService } from './node-service.ts';

afterEach(closeRigs);

function startService() {
  const store = memoryNodes();
  const rig = startRig({ nodes: store.repository });
  const channel = createMemoryChannel();
  channel.addService(NodeService, nodeService(rig));
  return { ...rig, store, client: createClient(channel, NodeService, { deadlineMs: 5_000 }) };
}

describe('nodes', () => {
  it('are listed, shown one by one, and asked for their models', async () => {
    const { register, whenReady, client } = startService();
    await register('a');
    await whenReady('a');
    const { nodes } = await client.listNodes({});
    expect(nodes).toMatchObject([{ name: 'a', status: NodeStatus.READY, modelCount: 1 }]);
    expect((await client.getNode({ name: 'a' })).node).toEqual(nodes[0]);
    const { models } = await client.listNodeModels({ name: 'a' });
    expect(models).toMatchObject([{ name: 'm', loaded: false }]);
    const refusal = { reason: 'not_found', message: expect.stringContaining('Did you mean "a"?') };
    await expect(client.getNode({ name: 'b' })).rejects.toMatchObject(refusal);
    await expect(client.listNodeModels({ name: 'b' })).rejects.toMatchObject(refusal);
  });

  it('of the file come back after they were removed, and leave with the file', async () => {
    const { membership, client } = startService();
    const declared = { name: 'j', kind: 'ollama', host: 'h', attributes: {} } as const;
    membership.declare([declared]);
    await client.removeNode({ name: 'j' });
    await client.addNode({ node: { name: 'j', kind: 'ollama', host: 'h' } });
    expect((await client.listNodes({})).nodes).toHaveLength(1);
    await client.removeNode({ name: 'j' });
    membership.declare([{ ...declared, name: 'k' }]);
    await client.updateNode({ name: 'k', changes: { tier: 1 } });
    membership.declare([]);
    expect((await client.listNodes({})).nodes).toEqual([]);
  });

  it('are drained, cordoned, uncordoned and removed; the answer is the node', async () => {
    const { register, whenReady, client } = startService();
    await register('a');
    await whenReady('a');
    const name = 'a';
    expect((await client.drainNode({ name })).node?.status).toBe(NodeStatus.DRAINING);
    expect((await client.cordonNode({ name })).node?.status).toBe(NodeStatus.CORDONED);
    expect((await client.uncordonNode({ name })).node?.status).toBe(NodeStatus.READY);
    expect((await client.removeNode({ name })).node).toMatchObject({ name, status: NodeStatus.READY });
    expect((await client.listNodes({})).nodes).toEqual([]);
    await expect(client.removeNode({ name })).rejects.toMatchObject({ reason: 'not_found' });
  });
});

it.each([-1, NaN, Infinity, 1e12])('a time to drain of %d ms is refused, and the node goes on', async (deadlineMs) => {
  const { register, whenReady, client, ready } = startService();
  await register('a');
  await whenReady('a');
  const refusal = { reason: 'invalid_request', param: 'deadlineMs', message: expect.stringContaining('a week') };
  await expect(client.drainNode({ name: 'a', deadlineMs })).rejects.toMatchObject(refusal);
  expect(ready()).toEqual(['a']);
});

describe('a declaration', () => {
  it('is kept, may be written anew, and keeps what the node has become', async () => {
    const { client, store } = startService();
    const added = await client.addNode({ node: { name: 'a', host: 'box', attributes: { tier: 1, type: 'gpu' } } });
    expect(added.node).toMatchObject({ name: 'a', kind: 'agent', status: NodeStatus.ABSENT, attributes: { tier: 1 } });
    expect(store.records.get('a')).toEqual({
      ...{ name: 'a', kind: 'agent', host: 'box', attributes: { tier: 1, type: 'gpu' } },
    });
    await client.cordonNode({ name: 'a' });
    await client.addNode({ node: { name: 'a', attributes: { weight: 2 } } });
    expect(store.records.get('a')).toEqual({ name: 'a', kind: 'agent', attributes: { weight: 2 }, cordoned: true });
  });

  it('is changed field by field; what is absent or empty stays', async () => {
    const { client, membership, store } = startService();
    membership.declare([{ name: 'a', kind: 'agent', attributes: { type: 'gpu', platform: 'jetson', tier: 1 } }]);
    const changes = { tier: 0, platform: 'pi', labels: { room: 'attic' }, trust: 'local' };
    const { node } = await client.updateNode({ name: 'a', changes });
    expect(node?.attributes).toMatchObject({ ...changes, type: 'gpu' });
    expect(store.records.get('a')?.attributes).toEqual(changes);
    await client.updateNode({ name: 'a', changes: { weight: 3 } });
    expect(store.records.get('a')?.attributes).toEqual({ ...changes, weight: 3 });
    await expect(client.updateNode({ name: 'b', changes })).rejects.toMatchObject({ reason: 'not_found' });
  });

  it.each([
    ['name', { name: 'a b' }],
    ['name', {}],
    ['kind', { name: 'a', kind: 'openai' }],
    ['host', { name: 'a', kind: 'ollama' }],
    ['host', { name: 'a', kind: 'ollama', host: 'box/../x' }],
    ['host', { name: 'a', kind: 'ollama', host: 'user@box' }],
    ['port', { name: 'a', port: 65_536 }],
    ['port', { name: 'a', port: -1 }],
    ['tier', { name: 'a', attributes: { tier: -1 } }],
    ['weight', { name: 'a', attributes: { weight: NaN } }],
    ['trust', { name: 'a', attributes: { trust: 'everyone' } }],
    ['labels', { name: 'a', attributes: { labels: { room: 'x'.repeat(300) } } }],
    [
      'labels',
      { name: 'a', attributes: { labels: Object.fromEntries(Array.from({ length: 65 }, (_, i) => [i, ''])) } },
    ],
    ['capabilities', { name: 'a', attributes: { capabilities: Array.from({ length: 65 }, String) } }],
  ])('with a wrong %s is refused, and names it: %j', async (param, node) => {
    const { client } = startService();
    await expect(client.addNode({ node })).rejects.toMatchObject({ reason: 'invalid_request', param });
    expect((await client.listNodes({})).nodes).toEqual([]);
  });

  it('does not write over the configuration file, nor over an agent', async () => {
    const { client, membership, register, whenReady } = startService();
    membership.declare([{ name: 'a', kind: 'agent', attributes: {} }]);
    const refusal = { reason: 'failed_precondition' };
    await expect(client.addNode({ node: { name: 'a' } })).rejects.toMatchObject(refusal);
    await register('b');
    await whenReady('b');
    const node = { name: 'b', kind: 'ollama', host: 'box' };
    await expect(client.addNode({ node })).rejects.toMatchObject(refusal);
  });
});
