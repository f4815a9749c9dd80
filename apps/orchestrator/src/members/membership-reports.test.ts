import { NodeStatus } from '@tutti/proto/tutti/v1/node';
import { afterEach, expect, it, vi } from 'vitest';
import { closeRigs, startRig } from './membership.fixture.ts';

afterEach(closeRigs);

async function startWithNode() {
  const rig = startRig();
  const { epoch } = await rig.register('a');
  await rig.whenReady('a');
  const { membership, cluster } = rig;
  const node = () => membership.find('a');
  const warned = (text: RegExp) => vi.waitFor(() => expect(node().warnings.join('\n')).toMatch(text));
  const slots = () => cluster.nodes[0]?.state.slots?.total;
  return { ...rig, epoch, node, warned, slots };
}

it('the cluster gets a report as it can be, and people see what was wrong, until it is right', async () => {
  const { report, warned, slots, node } = await startWithNode();
  report({ seq: 2, slots: { total: 1_000_000_000, perRunner: 1 }, modelMemoryBytes: -5 });
  await warned(/modelMemoryBytes was -5: taken as unknown\.\nslots\.total was 1000000000: taken as 1024\./);
  expect(slots()).toBe(1_024);
  expect(node()).toMatchObject({ status: NodeStatus.READY, slots: { total: 1_024 } });
  report({ seq: 3 });
  await vi.waitFor(() => expect(node().warnings).toEqual([]));
});

it('a report that comes late or twice changes nothing', async () => {
  const { report, warned, slots } = await startWithNode();
  report({ seq: 5, slots: { total: 5, perRunner: 1 } });
  await vi.waitFor(() => expect(slots()).toBe(5));
  report({ seq: 4, slots: { total: 4, perRunner: 1 } });
  await warned(/out of order.*number 4 after 5/);
  report({ seq: 5, slots: { total: 3, perRunner: 1 } });
  await warned(/number 5 after 5/);
  expect(slots()).toBe(5);
  report({ seq: 6, slots: { total: 6, perRunner: 1 } });
  await vi.waitFor(() => expect(slots()).toBe(6));
});

it('a count that jumps ahead once costs the node no more than a new stream', async () => {
  const { report, warned, slots, ready, clock, whenReady } = await startWithNode();
  report({ seq: 2 ** 50 });
  for (const seq of [2, 3, 4]) report({ seq, slots: { total: 9, perRunner: 1 } });
  await warned(/number 4 after 1125899906842624/);
  await vi.waitFor(() => expect(ready()).toEqual([]));
  await clock.advance(500);
  await whenReady('a');
  expect(slots()).toBe(1);
  report({ seq: 5, slots: { total: 9, perRunner: 1 } });
  await vi.waitFor(() => expect(slots()).toBe(9));
});

it('a report of another process does not count for this one', async () => {
  const { report, warned, slots } = await startWithNode();
  report({ seq: 9, bootId: 'other', slots: { total: 9, perRunner: 1 } });
  await warned(/another process/);
  expect(slots()).toBe(1);
});

it('whoever answers at the address of a node that has gone is not taken for it', async () => {
  const rig = startRig();
  await rig.register('a', { bootId: 'gone' });
  await vi.waitFor(() => expect(rig.membership.find('a').problem).toMatch(/another process/));
  expect(rig.ready()).toEqual([]);
  await rig.register('a', { bootId: 'b' });
  await rig.whenReady('a');
});

it('a node that lies harms no other', async () => {
  const { report, register, whenReady, cluster, membership, warned } = await startWithNode();
  await register('b', { address: 'host:2' });
  await whenReady('a', 'b');
  const models = Array.from({ length: 10_000 }, (_, index) => ({
    name: `m${index}`,
    sizeBytes: NaN,
    detailsJson: '{',
  }));
  report({ seq: 2, models, runners: [{ model: 'm\n' }], slots: { total: 0, perRunner: 0, busy: 9 } });
  await warned(/10000 reported, the first 2000 by name count/);
  expect(cluster.nodes.map(({ state }) => state.models.length)).toEqual([2_000, 1]);
  expect(membership.find('b')).toMatchObject({ warnings: [], status: NodeStatus.READY });
  expect(membership.find('a').warnings.length).toBeLessThan(30);
});
