import { seededRandom } from '@tutti/testing';
import { expect, it } from 'vitest';
import { needed } from './context.ts';
import { fleetOf } from './fleet.ts';
import { optionsFor } from './options-for.ts';
import { defaultParameters } from './parameters.ts';
import { embedding, nodeFacts, planInput, plainEstimates, runnerFacts, runningCall } from './routing.fixture.ts';
import { randomDemand, randomWorld } from './random-world.fixture.ts';

it('no call costs less on a node than its floor', () => {
  const estimates = plainEstimates();
  for (let seed = 1; seed <= 300; seed += 1) {
    const random = seededRandom(seed);
    const { nodes } = randomWorld(random, { nodes: 20 });
    const demand = { ...randomDemand(random), node: undefined, tier: undefined };
    const ask = { demand, outputTokens: estimates.expectedOutput(demand), largestSeen: 0 };
    const fleet = fleetOf(nodes, 0, estimates, defaultParameters);
    const floors = fleet.floors(demand).least(ask, needed(demand), 0);
    for (const { node, totalMs } of optionsFor({ ...planInput(nodes, [], { estimates }), demand }).options) {
      expect(floors[fleet.indexOf(node)!], `seed ${seed}, ${node}`).toBeLessThanOrEqual(totalMs + 1e-6);
    }
  }
});

it('an embedding that joins others begins with them, when it may be alone', () => {
  const estimates = plainEstimates();
  const running = { ...runningCall('m', { demand: embedding('m', { promptTokens: 60_000 }) }) };
  const beside = runningCall('m', { firstTokenAt: 0, outputTokens: 50 });
  const node = nodeFacts('a', { runners: [runnerFacts('m', { slots: 3 })], calls: [running, beside] });
  const demand = embedding('m', { promptTokens: 500_000, contextTokens: 100 });
  const fleet = fleetOf([node], 0, estimates, defaultParameters);
  const [floor] = fleet.floors(demand).least({ demand, outputTokens: 0, largestSeen: 0 }, 100, 0);
  const [option] = optionsFor({ ...planInput([node], [], { estimates }), demand }).options;
  expect(option!.parts.waitMs).toBeGreaterThan(0);
  expect(floor).toBeLessThanOrEqual(option!.totalMs);
});
