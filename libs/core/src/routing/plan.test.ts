import { seededRandom } from '@tutti/testing';
import { describe, expect, it } from 'vitest';
import { Privacy } from '../generate.ts';
import type { Demand } from './demand.ts';
import type { NodeFacts } from './node-facts.ts';
import { optionsFor } from './options-for.ts';
import { plan, type PlanInput, type Waiting } from './plan.ts';
import { costPolicy } from './policies/cost.ts';
import type { Policy } from './policy.ts';
import { randomWorld } from './random-world.fixture.ts';
import {
  demand,
  embedding,
  GB,
  modelFacts,
  nodeFacts,
  parametersWith,
  plainEstimates,
  planInput,
  runnerFacts,
  runningCall,
  waiting,
} from './routing.fixture.ts';

function startsOf(nodes: readonly NodeFacts[], queue: readonly Waiting[], changes?: Partial<PlanInput<Waiting>>) {
  return plan(planInput(nodes, queue, changes)).starts.map(({ option }) => option);
}

const many = (count: number, asked: Demand = demand()): Waiting[] =>
  Array.from({ length: count }, () => waiting(asked));

const resident = (name: string, changes: Parameters<typeof nodeFacts>[1] = {}): NodeFacts =>
  nodeFacts(name, { runners: [runnerFacts('m')], ...changes });

describe('where a call goes', () => {
  it('goes to the model in memory rather than have it loaded', () => {
    const [start] = startsOf([nodeFacts('a'), resident('b')], many(1));
    expect(start).toMatchObject({ node: 'b', kind: 'resident', startable: true });
  });

  it('goes to the node that holds the beginning of its prompt', () => {
    const prefix = [{ hash: 7, tokens: 150 }];
    const nodes = [resident('a'), resident('b', { prompts: new Map([['m', [prefix]]]) })];
    const [start] = startsOf(nodes, [waiting(demand('m', { prefix }))]);
    expect(start).toMatchObject({ node: 'b', cachedTokens: 150 });
  });

  it('never counts on more in the cache than the prompt has', () => {
    const prefix = [{ hash: 7, tokens: 500 }];
    const [start] = startsOf(
      [resident('a', { prompts: new Map([['m', [prefix]]]) })],
      [waiting(demand('m', { prefix }))],
    );
    expect(start).toMatchObject({ cachedTokens: 200, parts: { prefillMs: 0 } });
  });

  it('rather waits for the model in memory than have it loaded, if that takes longer', () => {
    const busy = resident('b', {
      calls: [runningCall('m', { firstTokenAt: 0, outputTokens: 10 }), runningCall('m')],
    });
    const { starts, etas } = plan(planInput([nodeFacts('a'), busy], many(1)));
    expect(starts).toEqual([]);
    expect([...etas.values()][0]).toBeGreaterThan(0);
  });

  it('has the model loaded elsewhere if that is sooner', () => {
    const calls = [runningCall('m', { demand: demand('m', { promptTokens: 60_000 }) }), runningCall('m')];
    const [start] = startsOf([nodeFacts('a'), resident('b', { calls })], many(1));
    expect(start).toMatchObject({ node: 'a', kind: 'load' });
  });

  it('throws out what others miss least', () => {
    const runners = [runnerFacts('x', { bytes: 6 * GB }), runnerFacts('y', { bytes: 6 * GB })];
    const node = nodeFacts('a', { models: ['m', 'x', 'y'], runners });
    const estimates = plainEstimates({ arrivalRate: (model) => (model === 'x' ? 1 / 10_000 : 0) });
    expect(startsOf([node], many(1), { estimates })).toMatchObject([{ kind: 'load', evict: ['y'] }]);
  });

  it('shares the loss of others among those who wait for the load, up to four', () => {
    const node = nodeFacts('a', { models: ['m', 'x'], runners: [runnerFacts('x', { bytes: 10 * GB })] });
    const loss = (waits: number) => {
      const waiting = new Map([
        ['m', waits],
        ['x', 1],
      ]);
      return optionsFor({ ...planInput([node], []), demand: demand(), waiting }).options[0]!.parts.evictionMs;
    };
    // One load of 5 s that x needs again, at a weight of 1.5.
    expect([0, 1, 2, 4, 9].map(loss)).toEqual([7_500, 7_500, 3_750, 1_875, 1_875]);
  });

  it('charges little for a model that comes back larger', () => {
    const node = nodeFacts('a', { runners: [runnerFacts('m')] });
    const grown = demand('m', { numCtx: 8_192 });
    const input = { ...planInput([node], []), demand: grown, waiting: new Map([['m', 1]]) };
    expect(optionsFor(input).options).toMatchObject([{ kind: 'load', evict: [], parts: { evictionMs: 0.3 * 7_500 } }]);
  });

  it('never takes away a model that was loaded for someone and has not served them', () => {
    const models = (fresh: boolean) => {
      const runners = [runnerFacts('x', { bytes: 10 * GB, fresh })];
      return startsOf([nodeFacts('a', { models: ['m', 'x'], runners })], [waiting(), waiting(demand('x'))]);
    };
    expect(models(true)).toMatchObject([{ kind: 'resident' }]);
    expect(models(false)).toMatchObject([{ kind: 'load', evict: ['x'] }]);
  });

  it('asks the breakers, the exclusions and the route', () => {
    const nodes = [
      resident('a'),
      resident('b'),
      resident('c', { attributes: { capabilities: ['fast'] } }),
      resident('d', { attributes: { labels: { rack: '7', fast: '' } } }),
    ];
    const [start] = startsOf(nodes, [waiting(demand(), 0, ['c'])], {
      allows: (node) => node !== 'a',
      requires: () => ['fast'],
    });
    expect(start?.node).toBe('d');
  });

  it('starts no more than there is room for', () => {
    const { starts, etas } = plan(planInput([resident('a'), resident('b')], many(2), { room: 1 }));
    expect(starts).toHaveLength(1);
    expect(etas.size).toBe(2);
  });

  it('lets a call pass that can go where those before it cannot', () => {
    const busy = resident('a', { calls: [runningCall(), runningCall()] });
    const pinned = demand('m', { node: 'a' });
    const input = planInput([busy, resident('b')], [...many(20, pinned), waiting()]);
    expect(plan(input).starts.map(({ option }) => option.node)).toEqual(['b']);
  });

  it('tells the policy when a call starts, and only then', () => {
    const started: string[] = [];
    const { policyFor } = planInput([], []);
    const policy = { ...policyFor(demand()), started: (_: Demand, { node }: { node: string }) => started.push(node) };
    const busy = resident('a', { calls: [runningCall(), runningCall()] });
    plan(
      planInput(
        [busy, resident('b', { attributes: { tier: 1 } })],
        [...many(3, demand('m', { node: 'a' })), waiting()],
        { policyFor: () => policy },
      ),
    );
    expect(started).toEqual(['b']);
  });
});

describe('a call that has waited long', () => {
  const runners = [runnerFacts('x', { bytes: 10 * GB })];
  const node = nodeFacts('a', { models: ['m', 'x'], runners, calls: [runningCall('x')] });

  it('makes a busy model leave, which a younger one does not', () => {
    const at = (now: number) => startsOf([node], many(1), { now });
    expect(at(45_000)).toEqual([]);
    expect(at(45_001)).toMatchObject([{ kind: 'load', evict: ['x'], evictsBusy: true }]);
  });

  it('does not take away a model for which an older one waits, nor keep it from that', () => {
    const busy = { ...node, calls: [runningCall('x'), runningCall('x')] };
    const startsWith = (otherCame: number, excluded: readonly string[] = []) =>
      startsOf([busy], [waiting(demand('m'), 100), waiting(demand('x'), otherCame, excluded)], { now: 60_000 });
    expect(startsWith(0)).toEqual([]);
    expect(startsWith(200)).toMatchObject([{ kind: 'load', evict: ['x'] }]);
    expect(startsWith(0, ['b'])).toMatchObject([{ kind: 'load', evict: ['x'] }]);
    const withRoom = startsOf([node], [waiting(demand('m'), 100), waiting(demand('x'), 0)], { now: 60_000 });
    expect(withRoom).toMatchObject([{ kind: 'resident' }]);
  });

  it('does so once at a time on a node', () => {
    const old = [waiting(demand('m')), waiting(demand('n'))];
    const small = nodeFacts('a', { ...node, models: ['m', 'n', 'x'] });
    expect(startsOf([small], old, { now: 50_000 })).toHaveLength(1);
  });

  it('has its own busy model loaded with more context, if there is a place for it to wait until that is idle', () => {
    const larger = [waiting(demand('m', { numCtx: 8_192 }))];
    const startsBeside = (calls: number) => {
      const own = runnerFacts('m', { slots: 2 });
      const busy = nodeFacts('a', {
        runners: [own],
        calls: Array.from({ length: calls }, () => runningCall()),
        slots: 8,
      });
      return startsOf([busy], larger, { now: 50_000 });
    };
    expect(startsBeside(2)).toMatchObject([{ kind: 'load', evict: [], evictsBusy: true }]);
    expect(startsBeside(3)).toEqual([]);
  });

  it('sends no more behind such a load than the node has places for, with those that still run', () => {
    const own = runnerFacts('m', { slots: 3 });
    const calls = [runningCall(), runningCall()];
    const busy = nodeFacts('a', { runners: [own], calls, slots: 8, slotsPerRunner: 3 });
    const queue = [waiting(demand('m', { numCtx: 8_192 })), ...many(4)];
    expect(startsOf([busy], queue, { now: 50_000 })).toHaveLength(2);
  });

  it('keeps the place of the leaving model from those behind it', () => {
    const full = nodeFacts('a', { ...node, models: ['m', 'x'], slots: 1, zombies: 0 });
    expect(startsOf([full], [waiting(), waiting(demand('x'))], { now: 50_000 })).toEqual([]);
    expect(startsOf([full], [waiting(demand('x'))], { now: 50_000 })).toHaveLength(1);
  });
});

describe('acceptance', () => {
  it('check 5: eight calls at once never overfill nodes of four slots, and are spread evenly', () => {
    const runners = [runnerFacts('m', { slots: 4 })];
    const starts = startsOf([nodeFacts('a', { runners }), nodeFacts('b', { runners })], many(8));
    expect(starts.map(({ node }) => node).toSorted()).toEqual(['a', 'a', 'a', 'a', 'b', 'b', 'b', 'b']);
    expect(starts.every(({ parts }) => parts.waitMs === 0)).toBe(true);
  });

  it('check 6: a switch of models lets what runs come to its end', () => {
    const runners = [runnerFacts('x', { bytes: 10 * GB })];
    const node = nodeFacts('a', { models: ['m', 'x'], runners, calls: [runningCall('x')] });
    const { starts, etas } = plan(planInput([node], many(1)));
    expect(starts).toEqual([]);
    // The call on x has 200 tokens to read and 100 to write, then m takes 5 s to load.
    expect([...etas.values()]).toEqual([200 + 2_000 + 5_000]);
  });

  it('check 7: a model that two ask for at the same time is loaded once', () => {
    const starts = startsOf([nodeFacts('a', { slotsPerRunner: 2 })], many(2));
    expect(starts.map(({ kind }) => kind)).toEqual(['load', 'resident']);
    const pending = nodeFacts('a', {
      runners: [runnerFacts('m', { loading: true, loadingSince: 0, slots: 2 })],
      calls: [runningCall('m', { loads: true })],
    });
    expect(startsOf([pending], many(1))).toMatchObject([{ kind: 'resident', startAt: 5_000 }]);
  });

  it('check 8: clients with 20k, 8k and no wish for a context share one load', () => {
    const wishes = [20_000, 8_000, undefined];
    const queue = wishes.map((numCtx) => waiting(demand('m', { numCtx })));
    const warm = nodeFacts('a', { runners: [runnerFacts('m', { numCtx: 20_000, slots: 3 })] });
    const starts = startsOf([warm], queue);
    expect(starts.map(({ kind, numCtx }) => [kind, numCtx])).toEqual(wishes.map(() => ['resident', 20_000]));
  });

  it('check 8: a model is loaded at the largest context that was asked for lately, if that fits beside the rest', () => {
    const estimates = plainEstimates({ largestContext: () => 20_000 });
    const cold = (memoryBytes: number) =>
      startsOf([nodeFacts('a', { memoryBytes })], [waiting(demand('m', { numCtx: 8_000 }))], { estimates });
    expect(cold(12 * GB)).toMatchObject([{ numCtx: 20_000 }]);
    expect(cold(5 * GB)).toMatchObject([{ numCtx: 8_000 }]);
  });

  it('check 9: an embedding after a chat with a large context does not reload', () => {
    const warm = nodeFacts('a', { runners: [runnerFacts('m', { numCtx: 32_768 })] });
    expect(startsOf([warm], many(1, embedding()))).toMatchObject([{ kind: 'resident', numCtx: 32_768 }]);
  });

  it('check 10: a prompt goes where it fits, or nowhere', () => {
    const long = demand('m', { promptTokens: 20_000 });
    const small = nodeFacts('a', {
      runners: [runnerFacts('m', { numCtx: 4_096 })],
      models: [modelFacts('m', { trainedContext: 8_192 })],
    });
    const [start] = startsOf([small, nodeFacts('b')], many(1, long));
    expect(start?.node).toBe('b');
    expect(start?.numCtx).toBeGreaterThanOrEqual(20_512);
    const { options, exclusions } = optionsFor({ ...planInput([small], []), demand: long });
    expect(options).toEqual([]);
    expect(exclusions).toMatchObject([
      { kind: 'context', reason: 'the prompt has about 20,000 tokens; "m" takes 8,192' },
    ]);
  });

  it('check 13: looking at the options takes nothing and loads nothing', () => {
    const input = planInput([nodeFacts('a')], []);
    const look = () => optionsFor({ ...input, demand: demand() });
    expect(look()).toEqual(look());
    expect(plan({ ...input, queue: many(1) }).starts).toHaveLength(1);
  });

  it('check 35: a model of the same digest serves under whatever name a node has it', () => {
    const known = nodeFacts('a', { models: [modelFacts('m', { digest: 'd' })], ready: false });
    const renamed = nodeFacts('b', { models: [modelFacts('copy', { digest: 'd' })], runners: [runnerFacts('copy')] });
    const other = nodeFacts('c', { models: [modelFacts('n', { digest: 'e' })] });
    const [start] = startsOf([known, renamed, other], many(1));
    expect(start).toMatchObject({ node: 'b', model: 'copy', kind: 'resident' });
    expect(startsOf([renamed, other], many(1))).toEqual([]);

    const estimates = plainEstimates();
    expect(startsOf([known, renamed], many(1), { estimates })).toHaveLength(1);
    const removed = nodeFacts('b', { models: [modelFacts('copy', { digest: 'e' })] });
    expect(startsOf([known, removed], many(1), { estimates })).toEqual([]);
  });

  it('check 30: a private call never goes further than it may', () => {
    const cloud = resident('cloud', { attributes: { trust: 'cloud' } });
    const here = resident('here', { sameMachine: true, calls: [runningCall(), runningCall()] });
    const at = (privacy: Privacy) =>
      optionsFor({ ...planInput([cloud, here, resident('lan')], []), demand: demand('m', { privacy }) })
        .options.map(({ node }) => node)
        .toSorted();
    expect(at(Privacy.LOCAL)).toEqual(['here']);
    expect(at(Privacy.CLUSTER)).toEqual(['here', 'lan']);
    expect(at(Privacy.ANY)).toEqual(['cloud', 'here', 'lan']);
  });
});

describe('embeddings', () => {
  it('go to one runner in numbers: the agent joins them', () => {
    const node = nodeFacts('a', { runners: [runnerFacts('m')], slots: 1 });
    expect(startsOf([node], many(40, embedding()), { parameters: parametersWith({ perModel: 40 }) })).toHaveLength(32);
  });
});

describe('a large fleet', () => {
  const fleet = Array.from({ length: 300 }, (_, index) =>
    nodeFacts(`n${String(index).padStart(3, '0')}`, index % 50 === 7 ? { runners: [runnerFacts('m')] } : {}),
  );

  it('is looked at as closely as it takes to find the cheapest', () => {
    for (let seed = 1; seed <= 300; seed += 1) {
      const { nodes, queue } = randomWorld(seededRandom(seed), { nodes: 60, calls: 1 });
      const policy = costPolicy();
      const totals = (shown: Policy['shown']) =>
        plan(planInput(nodes, queue, { policyFor: () => ({ ...policy, shown: shown! }) })).starts.map(
          ({ option, options }) => [option.totalMs, ...options.map(({ totalMs }) => totalMs)],
        );
      expect(totals('best'), `seed ${seed}`).toEqual(totals(undefined));
    }
  });

  it('finds the one node that is left', () => {
    const tier = { attributes: { tier: 1 } };
    const nodes = [...fleet.slice(0, 299), nodeFacts('z', tier)];
    expect(startsOf(nodes, [waiting(demand('m', { tier: 1 }))])).toMatchObject([{ node: 'z' }]);
  });

  it('follows nodes that change, come and go', () => {
    const estimates = plainEstimates();
    const nodes = [...fleet];
    const first = () => startsOf(nodes, many(1), { estimates })[0]?.node;
    expect(first()).toBeDefined();
    for (const [index, node] of nodes.entries()) nodes[index] = { ...node, ready: index === 42 };
    expect(first()).toBe('n042');
    nodes[42] = { ...nodes[42]!, ready: false };
    nodes.push(nodeFacts('late', { runners: [runnerFacts('m')] }));
    expect(first()).toBe('late');
  });
});
