import { seededRandom } from '@tutti/testing';
import { expect, it } from 'vitest';
import { needed } from './context.ts';
import { fleetOf } from './fleet.ts';
import type { Lowest } from './floors.ts';
import { optionsFor } from './options-for.ts';
import { defaultParameters } from './parameters.ts';
import {
  demand as plainDemand,
  embedding,
  nodeFacts,
  planInput,
  plainEstimates,
  runnerFacts,
  runningCall,
} from './routing.fixture.ts';
import { randomDemand, randomWorld } from './random-world.fixture.ts';

function allOf(floors: Lowest): Float64Array {
  floors.include(Infinity);
  return floors.values;
}

it('no call costs less on a node than its floor', () => {
  const estimates = plainEstimates();
  for (let seed = 1; seed <= 300; seed += 1) {
    const random = seededRandom(seed);
    const { nodes } = randomWorld(random, { nodes: 20 });
    const demand = { ...randomDemand(random), node: undefined, tier: undefined };
    const ask = { demand, outputTokens: estimates.expectedOutput(demand), largestSeen: 0 };
    const fleet = fleetOf(nodes, 0, estimates, defaultParameters);
    const floors = allOf(fleet.floors(demand).least(ask, needed(demand), 0));
    for (const { node, totalMs } of optionsFor({ ...planInput(nodes, [], { estimates }), demand }).options) {
      expect(floors[fleet.indexOf(node)!], `seed ${seed}, ${node}`).toBeLessThanOrEqual(totalMs + 1e-6);
    }
  }
});

it('leaves out who has to load the model until one of them may cost so little, and no longer', () => {
  const estimates = plainEstimates({ loadMs: ({ name }) => (name === 'quick' ? 2_000 : 9_000) });
  const warm = nodeFacts('warm', { runners: [runnerFacts('m')] });
  const nodes = [nodeFacts('cold'), nodeFacts('quick'), warm, nodeFacts('without', { models: ['n'] })];
  const asked = plainDemand('m');
  const ask = { demand: asked, outputTokens: 100, largestSeen: 0 };
  const fleet = fleetOf(nodes, 0, estimates, defaultParameters);
  const floors = (): Lowest => fleet.floors(asked).least(ask, needed(asked), 0);
  const quick = allOf(floors())[1]!;

  const some = floors();
  expect(some.include(quick - 1e-6)).toBe(false);
  expect([some.indexes, [...some.values]]).toEqual([[2], [Infinity, Infinity, 2_200, Infinity]]);
  expect(some.include(quick)).toBe(true);
  expect([some.indexes, [...some.values]]).toEqual([
    [0, 1, 2, 3],
    [11_200, 4_200, 2_200, Infinity],
  ]);
  expect(some.include(Infinity)).toBe(false);
});

it('knows who has the model in memory now, and forgets a node that was quick to load it once', () => {
  let loadMs = 2_000;
  const estimates = plainEstimates({ loadMs: () => loadMs });
  const warm = { runners: [runnerFacts('m')] };
  const asked = plainDemand('m');
  const floorsOf = (nodes: Parameters<typeof fleetOf>[0]): Lowest =>
    fleetOf(nodes, 0, estimates, defaultParameters)
      .floors(asked)
      .least({ demand: asked, outputTokens: 100, largestSeen: 0 }, needed(asked), 0);
  for (let report = 0; report < 2; report += 1) {
    expect(floorsOf([nodeFacts('a'), nodeFacts('b', warm)]).indexes).toEqual([1]);
  }
  expect(floorsOf([nodeFacts('a', warm), nodeFacts('b', warm)]).indexes).toEqual([0, 1]);
  expect(floorsOf([nodeFacts('a'), nodeFacts('b', warm)]).include(4_200)).toBe(true);
  loadMs = 9_000;
  for (let report = 0; report < 3; report += 1) floorsOf([nodeFacts('a'), nodeFacts('b', warm)]);
  expect(floorsOf([nodeFacts('a'), nodeFacts('b', warm)]).include(4_200)).toBe(false);
});

it('an embedding that joins others begins with them, when it may be alone', () => {
  const estimates = plainEstimates();
  const running = { ...runningCall('m', { demand: embedding('m', { promptTokens: 60_000 }) }) };
  const beside = runningCall('m', { firstTokenAt: 0, outputTokens: 50 });
  const node = nodeFacts('a', { runners: [runnerFacts('m', { slots: 3 })], calls: [running, beside] });
  const demand = embedding('m', { promptTokens: 500_000, contextTokens: 100 });
  const fleet = fleetOf([node], 0, estimates, defaultParameters);
  const [floor] = allOf(fleet.floors(demand).least({ demand, outputTokens: 0, largestSeen: 0 }, 100, 0));
  const [option] = optionsFor({ ...planInput([node], [], { estimates }), demand }).options;
  expect(option!.parts.waitMs).toBeGreaterThan(0);
  expect(floor).toBeLessThanOrEqual(option!.totalMs);
});

it('is what a call costs where it begins at once, alone, and nobody loses anything', () => {
  const estimates = plainEstimates({
    prefillSpeed: ({ name }) => (name.startsWith('fast') ? 4_000 : 1_000),
    decodeSpeed: ({ name }) => (name.startsWith('fast') ? 80 : 40),
    loadMs: ({ name }) => (name.startsWith('fast') ? 3_000 : 9_000),
  });
  const [prefix, other] = [[{ hash: 7, tokens: 200 }], [{ hash: 8, tokens: 90 }]];
  const names = ['fast', 'slow'].flatMap((speed) => [`${speed}-cold`, `${speed}-warm`, `${speed}-cached`]);
  const nodes = names.map((name) => {
    if (name.endsWith('cold')) return nodeFacts(name);
    const prompts = new Map([['m', [name.endsWith('cached') ? prefix : other]]]);
    return nodeFacts(name, { runners: [runnerFacts('m', { numCtx: 4_096 })], prompts });
  });
  nodes.push(nodeFacts('without', { models: ['n'] }));
  const asked = { ...plainDemand('m'), prefix };
  const floorsAt = (now: number) => {
    const fleet = fleetOf(nodes, now, estimates, defaultParameters);
    const ask = { demand: asked, outputTokens: 100, largestSeen: 0 };
    return { fleet, floors: allOf(fleet.floors(asked).least(ask, needed(asked), now)) };
  };
  for (const now of [0, 10_000]) {
    const { fleet, floors } = floorsAt(now);
    for (const { node, totalMs } of optionsFor({ ...planInput(nodes, [], { estimates, now }), demand: asked })
      .options) {
      expect(floors[fleet.indexOf(node)!], node).toBeCloseTo(totalMs);
    }
    expect(floors[fleet.indexOf('without')!]).toBe(Infinity);
  }
});

it('counts the wait for a slot or a load, and the neighbours of a call that begins beside them', () => {
  const estimates = plainEstimates();
  const running = runningCall('m', { firstTokenAt: 0 });
  const floorOn = (changes: Parameters<typeof nodeFacts>[1], asked = plainDemand('m'), now = 0): [number, number] => {
    const node = nodeFacts('a', changes);
    const fleet = fleetOf([node], now, plainEstimates(), defaultParameters);
    const ask = { demand: asked, outputTokens: 100, largestSeen: 0 };
    const [floor] = allOf(fleet.floors(asked).least(ask, needed(asked), now));
    return [floor!, optionsFor({ ...planInput([node], [], { estimates, now }), demand: asked }).options[0]!.totalMs];
  };
  const exact = ([floor, total]: [number, number]) => expect(floor).toBeCloseTo(total);
  exact(floorOn({ runners: [runnerFacts('m')], calls: [running] }));
  exact(floorOn({ runners: [runnerFacts('m')], calls: [running] }, plainDemand('m'), 1_500));
  exact(floorOn({ runners: [runnerFacts('m', { slots: 3 })], calls: [running, running] }));
  exact(floorOn({ models: ['m', 'x'], runners: [runnerFacts('m'), runnerFacts('x')], calls: [runningCall('x')] }));
  exact(floorOn({ models: ['m', 'x'], runners: [runnerFacts('x', { loading: true, loadingSince: 0 })] }));
  exact(floorOn({ runners: [runnerFacts('m', { loading: true, loadingSince: 0 })] }));

  const beside = { runners: [runnerFacts('m', { slots: 3 })], calls: [running, running] };
  const [usual] = floorOn(beside);
  // Whoever has the model loaded anew may be alone then.
  expect(floorOn(beside, plainDemand('m', { numCtx: 4_096 }))[0]).toBeCloseTo(usual);
  expect(floorOn(beside, plainDemand('m', { numCtx: 4_097 }))[0]).toBeLessThan(usual);
  expect(floorOn(beside, plainDemand('m', { runnerOptions: '{"num_gpu":1}' }))[0]).toBeLessThan(usual);
});
