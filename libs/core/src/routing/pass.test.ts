import { describe, expect, it } from 'vitest';
import type { Demand } from './demand.ts';
import type { NodeFacts } from './node-facts.ts';
import { optionsFor } from './options-for.ts';
import { plan, type PlanInput, type Waiting } from './plan.ts';
import { costPolicy } from './policies/cost.ts';
import {
  demand,
  embedding,
  GB,
  modelFacts,
  nodeFacts,
  parametersWith,
  planInput,
  runnerFacts,
  runningCall,
  waiting,
} from './routing.fixture.ts';

// A call has 200 tokens to read, which takes 200 ms, and 100 to write, which take 2 s; a load takes 5 s.

const many = (count: number, asked: Demand = demand()): Waiting[] =>
  Array.from({ length: count }, () => waiting(asked));
const warm = (name: string, changes: Parameters<typeof nodeFacts>[1] = {}, slots = 1): NodeFacts =>
  nodeFacts(name, { runners: [runnerFacts('m', { slots })], ...changes });
const named = (count: number, make: (name: string) => NodeFacts): NodeFacts[] =>
  Array.from({ length: count }, (_, index) => make(`n${String(index).padStart(3, '0')}`));

/** When calls are predicted to start, in their order. */
function etasOf(nodes: readonly NodeFacts[], queue: readonly Waiting[], changes?: Partial<PlanInput<Waiting>>) {
  const { etas } = plan(planInput(nodes, queue, changes));
  return queue.map((entry) => etas.get(entry));
}

describe('what is told of a choice', () => {
  const startOn = (nodes: readonly NodeFacts[]) => plan(planInput(nodes, many(1))).starts[0]!;

  it('is all that it was made from, up to twenty; on more than a hundred nodes eight', () => {
    expect(startOn(named(20, warm)).options).toHaveLength(20);
    expect(startOn(named(30, warm)).options).toHaveLength(20);
    expect(startOn(named(100, warm)).options).toHaveLength(20);
    expect(startOn(named(101, warm)).options).toHaveLength(8);
  });

  it('is as many for a policy that looks at other things', () => {
    const { pick } = costPolicy();
    const policy = { pick };
    const { starts } = plan(planInput(named(120, warm), many(1), { policyFor: () => policy }));
    expect(starts[0]!.options).toHaveLength(20);
  });

  it('is why nodes are not among them, of the first twenty', () => {
    const without = (name: string) => nodeFacts(name, { models: ['other'] });
    const last = warm('z');
    expect(startOn([...named(5, without), last]).exclusions.map(({ node, kind }) => [node, kind])).toEqual(
      ['n000', 'n001', 'n002', 'n003', 'n004'].map((node) => [node, 'no-model']),
    );
    expect(startOn([...named(30, without), last]).exclusions).toHaveLength(20);
    expect(startOn([...named(120, without), last]).exclusions).toHaveLength(8);
    expect(startOn(named(3, warm)).exclusions).toEqual([]);
  });

  it('has the cheapest first, of a call that goes elsewhere too', () => {
    const nodes = [nodeFacts('cold'), warm('busy', { calls: [runningCall()] }), warm('free')];
    const { options } = optionsFor({ ...planInput(nodes, []), demand: demand() });
    expect(options.map(({ node }) => node)).toEqual(['free', 'busy', 'cold']);
    expect(startOn(nodes).options.map(({ node }) => node)).toEqual(['free', 'busy', 'cold']);
  });
});

describe('those who come after in a pass', () => {
  it('see the calls before them in their slots', () => {
    const { starts } = plan(planInput([warm('a', {}, 2)], many(3)));
    expect(starts.map(({ option }) => option.parts)).toMatchObject([
      { waitMs: 0, prefillMs: 200, decodeMs: 2_000 },
      { waitMs: 0, prefillMs: 200 * 1.2, decodeMs: 2_000 * 1.2 },
      { waitMs: 2_200, prefillMs: 200 * 1.2, decodeMs: 2_000 * 1.2 },
    ]);
    expect(starts.map(({ option }) => option.startable)).toEqual([true, true, true]);
  });

  it('wait one after the other, where there is no place', () => {
    const busy = warm('a', { calls: [runningCall(), runningCall()] });
    expect(etasOf([busy], many(3))).toEqual([4_400, 6_600, 8_800]);
  });

  it('wait for the load that the first of them causes, and share the slots that come with it', () => {
    const { starts } = plan(planInput([nodeFacts('a', { slotsPerRunner: 2 })], many(3)));
    expect(starts.map(({ option }) => [option.kind, option.startAt])).toEqual([
      ['load', 5_000],
      ['resident', 5_000],
      ['resident', 7_200],
    ]);
  });

  it('wait for a load that is only kept for one who waits, and do not start on it', () => {
    const loading = runnerFacts('x', { loading: true, loadingSince: 0, bytes: GB });
    const node = nodeFacts('a', { models: ['m', 'x'], runners: [loading], slotsPerRunner: 2 });
    const { starts } = plan(planInput([node], many(2)));
    expect(starts).toEqual([]);
    expect(etasOf([node], many(2))).toEqual([10_000, 10_000]);
  });

  it('see what a load has taken out of memory', () => {
    const x = runnerFacts('x', { bytes: 10 * GB });
    const node = nodeFacts('a', { models: ['m', modelFacts('x', { sizeBytes: 8 * GB })], runners: [x] });
    const { starts } = plan(planInput([node], [waiting(), waiting(demand('x'))]));
    expect(starts.map(({ option }) => [option.kind, option.evict])).toEqual([['load', ['x']]]);
    expect(etasOf([node], [waiting(), waiting(demand('x'))])).toEqual([5_000, 7_200 + 5_000]);
  });

  it('see the memory that a load takes', () => {
    const sized = (name: string) => modelFacts(name, { sizeBytes: 5 * GB });
    const node = nodeFacts('a', { models: ['m', 'x', 'y'].map(sized), memoryBytes: 11 * GB });
    const { options } = optionsFor({ ...planInput([node], []), demand: demand('y') });
    expect(options[0]!.evict).toEqual([]);
    const etas = etasOf([node], [waiting(), waiting(demand('x')), waiting(demand('y'))]);
    // Each load waits for the one before it; the third for the first model's call as well.
    expect(etas).toEqual([5_000, 10_000, 15_000]);
    const tight = { ...node, memoryBytes: 10.8 * GB };
    expect(etasOf([tight], [waiting(), waiting(demand('x'))])).toEqual([5_000, 7_200 + 5_000]);
  });

  it('see the slots of the node that are taken', () => {
    const runners = [runnerFacts('m', { bytes: GB }), runnerFacts('x', { bytes: GB })];
    const node = nodeFacts('a', { models: ['m', 'x'], runners, slots: 1 });
    const { starts } = plan(planInput([node], [waiting(), waiting(demand('x'))]));
    expect(starts).toHaveLength(1);
    expect(etasOf([node], [waiting(), waiting(demand('x'))])).toEqual([0, 2_200]);
  });

  it('join embeddings that have just been sent', () => {
    const { starts } = plan(planInput([warm('a')], many(3, embedding())));
    expect(starts.map(({ option }) => option.startAt)).toEqual([0, 200, 400]);
    const mixed = plan(planInput([warm('a')], [...many(2, embedding()), waiting()]));
    expect(mixed.starts.map(({ option }) => option.startAt)).toEqual([0, 200, 400]);
  });

  it('share the loss of others by how many wait for the model', () => {
    const node = nodeFacts('a', { models: ['m', 'x'], runners: [runnerFacts('x', { bytes: 10 * GB })] });
    const charge = (count: number) =>
      plan(planInput([node], [...many(count), waiting(demand('x', { node: 'elsewhere' }))])).starts[0]!.option.parts
        .evictionMs;
    expect([1, 2, 3].map(charge)).toEqual([7_500, 3_750, 2_500]);
  });
});

describe('calls of one kind', () => {
  const busy = warm('a', { calls: [runningCall(), runningCall()] });

  /** For how many of the calls the policy was asked. */
  function asked(queue: readonly Waiting[], perModel = 3, nodes: readonly NodeFacts[] = [busy]): number {
    let count = 0;
    const policy = costPolicy();
    const counting = {
      ...policy,
      pick: (...args: Parameters<typeof policy.pick>) => {
        count += 1;
        return policy.pick(...args);
      },
    };
    plan(planInput(nodes, queue, { policyFor: () => counting, parameters: parametersWith({ perModel }) }));
    return count;
  }

  it('are looked at until so many of them cannot start; the rest get the time of the last', () => {
    expect(asked(many(10))).toBe(3);
    expect(asked(many(2))).toBe(2);
    expect(etasOf([busy], many(5), { parameters: parametersWith({ perModel: 2 }) })).toEqual([
      4_400, 6_600, 6_600, 6_600, 6_600,
    ]);
  });

  it('are not held up by those who start', () => {
    expect(asked(many(10), 3, [warm('a', { slots: 9 }, 6)])).toBe(7 + 3);
  });

  it('have no time where no node can run them', () => {
    expect(etasOf([busy], many(5, demand('nope')))).toEqual(many(5).map(() => undefined));
  });

  it('are those that ask for the same, of about the same size, and have failed at the same nodes', () => {
    const changes: Parameters<typeof demand>[1][] = [
      { promptTokens: 900 },
      { tenant: 'other' },
      { maxOutputTokens: 7 },
    ];
    for (const same of changes) expect(asked([...many(3), waiting(demand('m', same))])).toBe(3);
    const others: Parameters<typeof demand>[1][] = [
      { promptTokens: 1_100 },
      { numCtx: 2_000 },
      { node: 'a' },
      { runnerOptions: '{"num_gpu":1}' },
    ];
    for (const other of others) expect(asked([...many(3), waiting(demand('m', other))])).toBe(4);
    expect(asked([...many(3), waiting(embedding())])).toBe(4);
    expect(asked([...many(3), waiting(demand(), 0, ['b'])])).toBe(4);
  });
});

it('a young call does not keep others from a model that would have to leave for it', () => {
  const x = runnerFacts('x', { bytes: 10 * GB });
  const node = nodeFacts('a', { models: ['m', 'x'], runners: [x], calls: [runningCall('x')] });
  const { starts } = plan(planInput([node], [waiting(), waiting(demand('x'))]));
  expect(starts.map(({ entry }) => entry.demand.model)).toEqual(['x']);
});
