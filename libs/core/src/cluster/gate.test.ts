import { seededRandom, virtualClock } from '@tutti/testing';
import { expect, it } from 'vitest';
import { createBreakers } from '../failure/breaker.ts';
import { ClusterError } from '../error.ts';
import { nodeFacts } from '../routing/routing.fixture.ts';
import { createGate } from './gate.ts';

const nodes = ['a', 'b', 'c', 'd'].map((name) => nodeFacts(name));

async function breakersThatTry(...failed: string[]) {
  const clock = virtualClock();
  const breakers = createBreakers({ clock, random: seededRandom(1) });
  for (const node of failed) {
    for (let failures = 0; failures < 3; failures += 1) {
      breakers.started(node, 'm')(new ClusterError('node_unreachable', 'gone'));
    }
  }
  await clock.advance(60_000);
  return breakers;
}

it('lets everything through while nothing has failed', async () => {
  const gate = createGate(nodes, await breakersThatTry());
  expect(nodes.map(({ name }) => gate.allows(name, 'm'))).toEqual([true, true, true, true]);
});

it('lets one call try a node that has failed, and no second one of the same pass', async () => {
  const breakers = await breakersThatTry('a');
  const gate = createGate(nodes, breakers);
  expect(gate.allows('a', 'm')).toBe(true);
  breakers.started('a', 'm');
  gate.started();
  expect(gate.allows('a', 'm')).toBe(false);
  expect(gate.allows('b', 'm')).toBe(true);
});

it('never shuts out more than half of those that have the model and are ready', async () => {
  const breakers = await breakersThatTry('a', 'b', 'c');
  for (const node of ['a', 'b', 'c']) breakers.started(node, 'm');
  const allowed = (given: typeof nodes) => {
    const gate = createGate(given, breakers);
    return given.filter(({ name }) => gate.allows(name, 'm')).length;
  };
  expect(allowed(nodes)).toBe(2);
  expect(allowed(nodes.slice(0, 3))).toBe(2);
});
