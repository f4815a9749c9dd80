import { expect, it } from 'vitest';
import { fleetOf } from './fleet.ts';
import { defaultParameters } from './parameters.ts';
import { nodeFacts, plainEstimates, runnerFacts } from './routing.fixture.ts';

it('keeps those that have a model in memory in order, as they load and unload it', () => {
  const estimates = plainEstimates();
  const resident = (name: string) => nodeFacts(name, { runners: [runnerFacts('m')] });
  const nodes = [resident('a'), nodeFacts('b'), resident('c'), resident('d')];
  const holders = () => fleetOf(nodes, 0, estimates, defaultParameters).holders('m');

  expect(holders()).toEqual([0, 2, 3]);
  nodes[1] = resident('b');
  expect(holders()).toEqual([0, 1, 2, 3]);
  nodes[2] = nodeFacts('c');
  expect(holders()).toEqual([0, 1, 3]);
  nodes[0] = nodeFacts('a');
  nodes[2] = resident('c');
  expect(holders()).toEqual([1, 2, 3]);
  nodes[0] = resident('a');
  expect(holders()).toEqual([0, 1, 2, 3]);
});
