import { seededRandom } from '@tutti/testing';
import { expect, it, vi } from 'vitest';
import type { Random } from '../ports.ts';
import { raises, required } from './context.ts';
import { regretPart } from './cost.ts';
import type { NodeFacts } from './node-facts.ts';
import type { Option } from './option.ts';
import { optionsFor } from './options-for.ts';
import { outlookOf } from './outlook-of.ts';
import { actOf, overlay } from './overlay.ts';
import { applied } from './applied.ts';
import { plan, type Plan, type PlanInput, type Waiting } from './plan.ts';
import { costPolicy } from './policies/cost.ts';
import { randomDemand, randomWorld, shuffled } from './random-world.fixture.ts';
import { parametersWith, planInput, plainEstimates } from './routing.fixture.ts';

const seeds = 150;

/** Runs the check for each seed; a failure names its seed. */
function forEachSeed(check: (random: Random, seed: number) => void): void {
  for (let seed = 1; seed <= seeds; seed += 1) {
    try {
      check(seededRandom(seed), seed);
    } catch (error) {
      throw new Error(`seed ${seed}: ${String(error).slice(0, 2_000)}`, { cause: error });
    }
  }
}

/** The plan, and what the policy chose for each call that it was asked about. */
function planned(input: PlanInput<Waiting>): Plan<Waiting> & { readonly picks: ReadonlyMap<unknown, Option> } {
  const picks = new Map<unknown, Option>();
  const policy = costPolicy();
  const pick: typeof policy.pick = (demand, options, view) => {
    const option = policy.pick(demand, options, view);
    picks.set(demand, option);
    return option;
  };
  return { ...plan({ ...input, policyFor: () => ({ ...policy, pick }) }), picks };
}

const nodeNamed = (nodes: readonly NodeFacts[], name: string): NodeFacts => nodes.find((node) => node.name === name)!;

it('1: the starts of a pass can all be done together', () => {
  forEachSeed((random) => {
    const { nodes, queue } = randomWorld(random);
    const estimates = plainEstimates();
    const { starts } = plan(planInput(nodes, queue, { estimates }));
    for (const node of nodes) {
      const here = starts.filter(({ option }) => option.node === node.name);
      const loads = here.filter(({ option }) => option.kind === 'load');
      const pending = node.runners.filter(({ loading }) => loading).length;
      expect(pending + loads.length, 'one load at a time').toBeLessThanOrEqual(Math.max(1, pending));
      if (node.full) expect(here).toEqual([]);

      const load = loads[0];
      const name = load?.entry.demand.model;
      const left = node.runners.filter(({ model }) => model !== name && !load?.option.evict.includes(model));
      if (load) {
        const slots = load.entry.demand.kind === 'embed' ? 1 : node.slotsPerRunner;
        const bytes = estimates.runnerBytes(node, node.models.get(name!)!, load.option.numCtx!, slots);
        const used = left.reduce((sum, runner) => sum + runner.bytes!, bytes);
        expect(used, 'memory').toBeLessThanOrEqual(node.memoryBytes ?? Infinity);
        expect(left.length + 1).toBeLessThanOrEqual(node.maxRunners ?? Infinity);
      }
      for (const { model, slots } of left) {
        const sent = here.filter(
          ({ entry }) => entry.demand.model === model && entry.demand.kind === 'generate',
        ).length;
        const running = node.calls.filter(({ demand }) => demand.model === model);
        const joined = running.filter(({ demand }) => demand.kind === 'embed').length;
        const before = running.length - Math.max(0, joined - 1);
        if (sent > 0) expect(before + sent, `calls of ${model}`).toBeLessThanOrEqual(slots + 1);
      }
    }
  });
});

it('2: the same moment makes the same plan, in whatever order the nodes come', () => {
  forEachSeed((random, seed) => {
    const { nodes, queue } = randomWorld(random);
    const run = (given: readonly NodeFacts[]) =>
      plan(planInput(given, queue, { random: seededRandom(seed), estimates: plainEstimates() }));
    const first = run(nodes);
    expect(run(nodes)).toEqual(first);
    expect(run(shuffled(nodes, random))).toEqual(first);
    expect(run(nodes.map((node) => ({ ...node, models: new Map([...node.models].toReversed()) })))).toEqual(first);
  });
});

it('2: what is kept between plans does not change them', () => {
  forEachSeed((random, seed) => {
    const kept = plainEstimates();
    let { nodes } = randomWorld(random);
    for (let now = 0; now < 20_000; now += 1_000 + 4_000 * random()) {
      const { queue, nodes: others } = randomWorld(random, { now });
      nodes = nodes.map((node) => (random() < 0.3 ? (others.find(({ name }) => name === node.name) ?? node) : node));
      const run = (estimates: typeof kept) =>
        plan(planInput(nodes, queue, { now, estimates, random: seededRandom(seed) }));
      expect(run(kept)).toEqual(run(plainEstimates()));
    }
  });
});

it('3: no call waits for a place that is free', () => {
  forEachSeed((random) => {
    const { nodes, queue } = randomWorld(random);
    const { starts, picks } = planned(planInput(nodes, queue));
    const started = new Set(starts.map(({ entry }) => entry));
    for (const entry of queue) if (!started.has(entry)) expect(picks.get(entry.demand)?.startable ?? false).toBe(false);
  });
});

it('4: a call that fits a model in memory never loads it there', () => {
  forEachSeed((random) => {
    const { nodes } = randomWorld(random);
    const demand = randomDemand(random);
    for (const { node: name, kind } of optionsFor({ ...planInput(nodes, []), demand }).options) {
      const node = nodeNamed(nodes, name);
      const runner = node.runners.find(({ model }) => model === demand.model);
      const fits = runner && raises(runner, demand, required(demand, node.models.get(demand.model)!));
      expect(kind).toBe(fits ? 'resident' : 'load');
    }
  });
});

it('5: a call that has not waited long never makes a busy model leave', () => {
  forEachSeed((random) => {
    const { nodes, queue } = randomWorld(random);
    for (const { entry, option } of plan(planInput(nodes, queue)).starts) {
      if (entry.since >= -45_000) expect(option.evictsBusy).toBe(false);
    }
  });
});

it('6: a call that has waited long starts, or makes its best node drain, in the first pass that can, unless an older one waits for what would go', () => {
  forEachSeed((random) => {
    const { nodes, queue } = randomWorld(random);
    const { starts, picks } = planned(planInput(nodes, queue));
    const started = new Map(starts.map((start) => [start.entry, start]));
    const first = queue[0];
    const pick = first && picks.get(first.demand);
    if (!first || !pick || first.since >= -45_000 || !pick.evictsBusy) return;
    const { runners, full, calls, slots } = nodeNamed(nodes, pick.node);
    if (full || runners.some(({ loading }) => loading) || calls.length >= slots) return;
    const servesOlder = queue.some(({ context, demand, since }) => {
      return since < first.since && pick.evict.includes(demand.model) && context.ticket.excluded.size === 0;
    });
    expect(started.get(first)?.option).toBe(servesOlder ? undefined : pick);
  });
});

it('7: a node looks the same after a load was taken, and once the load is laid over its report', () => {
  forEachSeed((random) => {
    const { nodes } = randomWorld(random);
    const demand = randomDemand(random);
    const estimates = plainEstimates();
    const input = planInput(nodes, [], { estimates });
    for (const option of optionsFor({ ...input, demand }).options.filter(({ kind }) => kind === 'load')) {
      const node = nodeNamed(nodes, option.node);
      // Until they end, calls of the same model cannot be told from those of the larger runner.
      if (node.calls.some((other) => other.demand.model === demand.model)) continue;
      const act = actOf(option, demand, node, 'r1', 0, estimates)!;
      const laid = overlay(node, [act], 0);
      const sent = { ...laid, calls: [...laid.calls, { ...call, demand, loads: true }] };
      const after = applied(outlookOf(node, 0, estimates), option, demand, estimates, 0, true);
      const seen = outlookOf(sent, 0, estimates);
      expect(seen.usedBytes).toBeCloseTo(after.usedBytes);
      if (!option.evictsBusy) expect(seen.running).toBe(after.running);
      expect(seen.loaderFreeAt).toBeCloseTo(after.loaderFreeAt);
      const memory = ({ runners }: typeof seen) => runners.map(({ model, inFlight }) => [model, inFlight]);
      expect(memory(seen)).toEqual(memory(after));
    }
  });
});
const call = { startedAt: 0, firstTokenAt: undefined, outputTokens: 0 };

it('9: when everything is twice as fast, the choices are the same', () => {
  forEachSeed((random, seed) => {
    const { nodes, queue } = randomWorld(random);
    const usual = plainEstimates({ arrivalRate: (model) => model.length / 50_000 });
    const fast = plainEstimates({
      prefillSpeed: () => 2_000,
      decodeSpeed: () => 100,
      loadMs: () => 2_500,
      arrivalRate: (model) => model.length / 25_000,
    });
    const choices = ({ starts }: Plan<Waiting>) =>
      starts.map(({ option: { node, kind, numCtx, evict } }) => ({ node, kind, numCtx, evict }));
    const halved = (at: number): number => at / 2;
    const early = nodes.map((node) => ({
      ...node,
      readySince: halved(node.readySince),
      runners: node.runners.map((runner) => ({
        ...runner,
        loadingSince: runner.loadingSince === undefined ? undefined : halved(runner.loadingSince),
      })),
      calls: node.calls.map((one) => ({
        ...one,
        startedAt: halved(one.startedAt),
        firstTokenAt: one.firstTokenAt === undefined ? undefined : halved(one.firstTokenAt),
      })),
    }));
    const sooner = queue.map((entry) => ({ ...entry, since: halved(entry.since) }));
    const parameters = parametersWith({ horizonMs: 30_000, drainAfterMs: 22_500 });
    const slowPlan = plan(planInput(nodes, queue, { estimates: usual, random: seededRandom(seed) }));
    const fastPlan = plan(planInput(early, sooner, { estimates: fast, parameters, random: seededRandom(seed) }));
    expect(choices(fastPlan)).toEqual(choices(slowPlan));
  });
});

it('11: every call that some node can run has a time of start, and none lies in the past', () => {
  forEachSeed((random) => {
    const { nodes, queue } = randomWorld(random);
    const input = planInput(nodes, queue);
    const { etas } = plan(input);
    for (const entry of queue) {
      const { excluded } = entry.context.ticket;
      const { options } = optionsFor({ ...input, demand: entry.demand, excluded });
      expect(etas.has(entry)).toBe(options.length > 0);
      if (options.length > 0) expect(etas.get(entry)).toBeGreaterThanOrEqual(input.now);
    }
  });
});

it('12: nobody regrets a model that nobody wants; regret rises with the rate and falls with the copies', () => {
  expect(regretPart(0, 1, 0, 60_000)).toBe(0);
  forEachSeed((random) => {
    const [rate, copies] = [(1 + random()) / 100_000, 1 + Math.floor(random() * 9)];
    expect(regretPart(0, copies, rate * 2, 60_000)).toBeGreaterThan(regretPart(0, copies, rate, 60_000));
    expect(regretPart(0, copies + 1, rate, 60_000)).toBeLessThan(regretPart(0, copies, rate, 60_000));
    expect(regretPart(1, copies, rate, 60_000)).toBeGreaterThan(regretPart(0, copies, rate, 60_000));
  });
});

it('13: a plan asks nobody for the time, or for chance, but those that it is given', () => {
  const forbidden = (): never => expect.unreachable('it was asked');
  const spies = [vi.spyOn(Date, 'now'), vi.spyOn(Math, 'random'), vi.spyOn(performance, 'now')];
  const { nodes, queue } = randomWorld(seededRandom(1), { nodes: 6, calls: 30 });
  try {
    for (const spy of spies) spy.mockImplementation(forbidden);
    expect(plan(planInput(nodes, queue)).etas.size).toBeGreaterThan(0);
  } finally {
    for (const spy of spies) spy.mockRestore();
  }
});
