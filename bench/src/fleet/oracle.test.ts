import { createMachine, createTimeline, fleet, seededRandom, type FleetCall } from '@tutti/simulation';
import { describe, expect, it } from 'vitest';
import type { Contender, World } from './contender.ts';
import { conditioned } from './faults/condition.ts';
import { lowerBounds } from './lower-bound.ts';
import { oracle, oracleAsAsked } from './oracle.ts';
import { run } from './run.ts';
import { fleetCall } from './world.fixture.ts';

const machines = fleet('n8', 1);

/** Which machine each of the calls gets, told when the world stands still after the last. */
async function placesOf(contender: Contender, calls: readonly FleetCall[]): Promise<string[]> {
  const timeline = createTimeline();
  const nodes = machines.nodes.map((node) => ({
    ...node,
    ...conditioned(createMachine(node.profile, node.models, timeline), timeline),
  }));
  const world: World = { timeline, fleet: machines, nodes, random: seededRandom(1) };
  const player = contender.start(world);
  const places: string[] = [];
  for (const call of calls) {
    await timeline.run(call.atMs);
    const before = nodes.map(({ machine }) => machine.live);
    player.send(call, { started() {}, firstToken() {}, ended() {}, failed() {} });
    places.push(nodes.find(({ machine }, index) => machine.live > before[index]!)!.name);
  }
  return places;
}

describe('the oracle', () => {
  it('takes the machine where a single call ends first', async () => {
    const call = fleetCall();
    const [place] = await placesOf(oracle, [call]);
    const model = machines.models.find(({ name }) => name === call.model)!;
    const alone = machines.nodes.map(({ name, profile, models }) => ({
      name,
      ms: models.includes(model)
        ? profile.loadMs(model) + 1_000 * (500 / profile.prefillSpeed(model) + 100 / profile.decodeSpeed(model))
        : Infinity,
    }));
    expect(place).toBe(alone.toSorted((a, b) => a.ms - b.ms)[0]!.name);
  });

  it('goes back to where the model is, and elsewhere when that costs less than to wait', async () => {
    const calls = Array.from({ length: 40 }, (_, index) =>
      fleetCall({ id: `call-${index}`, atMs: index < 2 ? index * 30_000 : 30_000 }),
    );
    const places = await placesOf(oracle, calls);
    expect(places[1]).toBe(places[0]);
    expect(new Set(places).size).toBeGreaterThan(1);
  });

  it('serves a small context from a larger runner, if it may', async () => {
    const calls = [fleetCall({ numCtx: 8_192 }), fleetCall({ id: 'call-2', atMs: 60_000, numCtx: 4_096 })];
    expect(await run(oracle, machines, calls, 100_000)).toMatchObject({ loads: 1 });
    expect(await run(oracleAsAsked, machines, calls, 100_000)).toMatchObject({ loads: 2 });
  });

  it('never has a prompt cut, if it may ask for more', async () => {
    const calls = [fleetCall({ promptTokens: 6_000 })];
    const truncated = async (contender: Contender) =>
      (await run(contender, machines, calls, 100_000)).outcomes.map((outcome) => outcome.truncated);
    expect(await truncated(oracle)).toEqual([false]);
    expect(await truncated(oracleAsAsked)).toEqual([true]);
  });
});

describe('the lower bound', () => {
  it('is the best machine alone, less what an earlier call brought into a cache', () => {
    const prefix = [{ hash: 1, tokens: 400 }];
    const first = fleetCall({ promptTokens: 400, prefix });
    const second = fleetCall({ promptTokens: 900, prefix: [...prefix, { hash: 2, tokens: 900 }] });
    const [one, two] = lowerBounds(machines, [first, second]);
    const [alone] = lowerBounds(machines, [fleetCall({ promptTokens: 500 })]);
    expect(two).toBeCloseTo(alone!);
    expect(one).toBeLessThan(two!);
  });

  it('is below what anybody needs', async () => {
    const calls = [fleetCall()];
    const { outcomes } = await run(oracle, machines, calls, 100_000);
    expect(outcomes[0]!.endedAtMs).toBeGreaterThan(lowerBounds(machines, calls)[0]!);
  });
});
