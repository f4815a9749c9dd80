import { policyNames } from '@tutti/core';
import { expect, it } from 'vitest';
import { alternating, tracedCall, tracedNode } from './trace.fixture.ts';
import { replay } from './replay.ts';

it.each(policyNames)('%s: all calls are answered, in simulated time', async (policy) => {
  const { totalMs, firstOutputMs, failed, loads } = await replay(alternating(20), policy);
  expect([totalMs.length, firstOutputMs.length, failed]).toEqual([20, 20, 0]);
  expect(loads).toBeGreaterThanOrEqual(2);
  // A second to generate, 0.2 to read: what takes less has not been simulated.
  expect(Math.min(...totalMs)).toBeGreaterThanOrEqual(1_000);
});

it('shows that whoever looks at what is in memory loads less', async () => {
  const [cost, turns] = await Promise.all([replay(alternating(40), 'cost'), replay(alternating(40), 'round-robin')]);
  expect(cost.loads).toBe(2);
  expect(cost.evictions).toBe(0);
  expect(turns.loads).toBeGreaterThanOrEqual(cost.loads);
});

it('comes to the same each time', async () => {
  expect(await replay(alternating(10), 'cost')).toEqual(await replay(alternating(10), 'cost'));
});

it('counts what no node can serve', async () => {
  const calls = [tracedCall(), tracedCall({ atMs: 5_000, model: 'gone:latest' })];
  const trace = { calls, nodes: [tracedNode('x', ['a:latest'])], windowMs: 10_000 };
  expect(await replay(trace, 'cost')).toMatchObject({ failed: 1, loads: 1 });
});
