import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { TimingsSchema, UsageSchema } from '@tutti/proto/tutti/agent/v1/chunk';
import { describe, expect, it } from 'vitest';
import { fits } from './context.ts';
import { createEstimates, type LearntEstimates, type Observation } from './learnt.ts';
import type { ModelFacts, NodeFacts } from './node-facts.ts';
import { demand, embedding, GB, modelFacts, nodeFacts, runnerFacts } from './routing.fixture.ts';

const model = modelFacts('m');
const node = nodeFacts('a', { models: [model, 'n'] });

interface Changes extends Partial<Omit<Observation, 'usage' | 'timings'>> {
  readonly usage?: MessageInitShape<typeof UsageSchema>;
  readonly timings?: MessageInitShape<typeof TimingsSchema>;
}

/** A cold call that read 1,000 tokens in a second and wrote 100 in two. */
function observation({ usage, timings, ...changes }: Changes = {}): Observation {
  return {
    node,
    demand: demand(),
    usage: create(UsageSchema, { promptTokens: 1_000, cachedTokens: 0, outputTokens: 100, ...usage }),
    timings: create(TimingsSchema, { promptMs: 1_000, outputMs: 2_000, loadMs: 7_000, ...timings }),
    loads: false,
    expectedCached: 0,
    neighbours: { same: 0, other: 0 },
    complete: true,
    ...changes,
  };
}

function learnt(...observations: readonly Observation[]): LearntEstimates {
  const estimates = createEstimates();
  for (const one of observations) estimates.observe(one);
  return estimates;
}

describe('speeds', () => {
  it('are other ones as soon as something is measured, or the node is gone for good', () => {
    const estimates = learnt(observation({ node: nodeFacts('slow'), timings: { outputMs: 4_000 } }));
    expect(estimates.decodeSpeed(node, model)).toBeCloseTo(25);
    estimates.observe(observation());
    expect(estimates.decodeSpeed(node, model)).toBeCloseTo(50);
    estimates.forget('a');
    expect(estimates.decodeSpeed(node, model)).toBe(estimates.decodeSpeed(nodeFacts('other'), model));
    expect(estimates.decodeSpeed(node, model)).toBeLessThan(40);
  });

  it('are taken from what was measured', () => {
    const estimates = learnt(observation({ loads: true }));
    expect(estimates.prefillSpeed(node, model)).toBeCloseTo(1_000);
    expect(estimates.decodeSpeed(node, model)).toBeCloseTo(50);
    expect(estimates.loadMs(node, model)).toBeCloseTo(7_000);
    expect(estimates.measured('a')).toMatchObject([{ model: 'm', decodePerSecond: 50, samples: 1 }]);
  });

  it('of a model that never ran there follow those that did, by size', () => {
    const big = modelFacts('n', { sizeBytes: 40 * GB });
    const [before, after] = [createEstimates(), learnt(observation())];
    const faster = after.decodeSpeed(node, model) / before.decodeSpeed(node, model);
    expect(after.decodeSpeed(node, big) / before.decodeSpeed(node, big)).toBeCloseTo(faster);
    expect(after.decodeSpeed(node, big)).toBeLessThan(after.decodeSpeed(node, model));
  });

  it('of a node on which nothing ran follow those of its kind', () => {
    const [gpu, other] = [nodeFacts('g', { hasGpu: true }), nodeFacts('h', { hasGpu: true })];
    const estimates = learnt(observation({ node: gpu }));
    expect(estimates.decodeSpeed(other, model)).toBeCloseTo(50);
    const cpu = nodeFacts('c', { hasGpu: false });
    expect(estimates.decodeSpeed(cpu, model)).toBe(createEstimates().decodeSpeed(cpu, model));
  });

  it('are guessed from the hardware before that', () => {
    const estimates = createEstimates();
    const [gpu, cpu] = [nodeFacts('g', { hasGpu: true }), nodeFacts('c', { hasGpu: false })];
    expect(estimates.decodeSpeed(gpu, model)).toBeGreaterThan(5 * estimates.decodeSpeed(cpu, model));
    const named = nodeFacts('n', { attributes: { type: 'gpu-server' } });
    expect(estimates.decodeSpeed(named, model)).toBe(estimates.decodeSpeed(gpu, model));
  });

  it('are guessed from what the processor is called, where that says something', () => {
    const estimates = createEstimates();
    const [fast, slow, other] = ['NVIDIA GeForce RTX 4090', 'Orin (nvgpu)', 'something'].map((processor) =>
      nodeFacts(processor, { hasGpu: true, processor }),
    ) as [NodeFacts, NodeFacts, NodeFacts];
    expect(estimates.decodeSpeed(fast, model) / estimates.decodeSpeed(slow, model)).toBeCloseTo(1_008 / 102);
    expect(estimates.prefillSpeed(fast, model)).toBeGreaterThan(10 * estimates.prefillSpeed(slow, model));
    expect(estimates.loadMs(fast, model)).toBeLessThan(estimates.loadMs(slow, model));
    expect(estimates.decodeSpeed(other, model)).toBe(estimates.decodeSpeed(nodeFacts('g', { hasGpu: true }), model));
  });

  it('of a node on which nothing ran follow those with the same processor first, then those of its kind', () => {
    const gpu = (name: string, processor: string) => nodeFacts(name, { hasGpu: true, processor });
    const estimates = learnt(
      observation({ node: gpu('a', 'one') }),
      observation({ node: gpu('b', 'another'), timings: { outputMs: 20_000 } }),
    );
    expect(estimates.decodeSpeed(gpu('c', 'one'), model)).toBeCloseTo(50);
    expect(estimates.decodeSpeed(gpu('d', 'another'), model)).toBeCloseTo(5);
    const third = estimates.decodeSpeed(gpu('e', 'a third'), model);
    expect(third).toBeGreaterThan(5);
    expect(third).toBeLessThan(50);
  });

  it('of reading come from calls that had nothing in the cache', () => {
    const cold = createEstimates().prefillSpeed(node, model);
    const cached = observation({ usage: { cachedTokens: 900 } });
    const perhaps = observation({ usage: { cachedTokens: undefined }, expectedCached: 500 });
    const short = observation({ usage: { promptTokens: 10 } });
    for (const one of [cached, perhaps, short]) {
      const measured = learnt(one).measured('a');
      expect(measured[0]).not.toHaveProperty('prefillPerSecond');
    }
    expect(learnt(observation({ usage: { cachedTokens: undefined } })).prefillSpeed(node, model)).not.toBe(cold);
  });

  it('come from calls of 64 tokens read, 8 written, and 20 ms of loading at least', () => {
    const figures = (usage: MessageInitShape<typeof UsageSchema>, loadMs = 7_000) =>
      Object.keys(learnt(observation({ usage, timings: { loadMs }, loads: true })).measured('a')[0] ?? {});
    expect(figures({ promptTokens: 64, outputTokens: 8 }, 20)).toEqual([
      ...['model', 'prefillPerSecond', 'decodePerSecond', 'loadMs', 'samples'],
    ]);
    expect(figures({ promptTokens: 63 })).not.toContain('prefillPerSecond');
    expect(figures({ outputTokens: 7 })).not.toContain('decodePerSecond');
    expect(figures({}, 19.9)).not.toContain('loadMs');
    expect(figures({ promptTokens: 500, cachedTokens: 1 })).not.toContain('prefillPerSecond');
  });

  it('of embeddings are those of reading', () => {
    const [measured] = learnt(observation({ demand: embedding() })).measured('a');
    expect(measured).toMatchObject({ prefillPerSecond: 1_000 });
    expect(measured).not.toHaveProperty('decodePerSecond');
  });

  it('are no slips of a clock: a thousand times what the hardware lets expect', () => {
    const expected = createEstimates().decodeSpeed(node, model);
    const at = (factor: number) => learnt(observation({ timings: { outputMs: (100 / (expected * factor)) * 1_000 } }));
    const isLearnt = (factor: number) => at(factor).decodeSpeed(node, model) !== expected;
    expect([999, 1_001, 1 / 999, 1 / 1_001].map(isLearnt)).toEqual([true, false, true, false]);
  });

  it('are those of a call alone, however many ran beside it', () => {
    const beside = learnt(observation({ neighbours: { same: 1, other: 1 } }));
    expect(beside.decodeSpeed(node, model)).toBeCloseTo(50 * 2.1);
    expect(beside.prefillSpeed(node, model)).toBeCloseTo(1_000 * 2.1);
  });

  it('of loads come from calls that loaded', () => {
    expect(learnt(observation()).measured('a')[0]).not.toHaveProperty('loadMs');
    expect(learnt(observation({ loads: true, complete: false })).measured('a')[0]).toMatchObject({ loadMs: 7_000 });
  });

  it('are not moved far by one wild sample, and follow a lasting change', () => {
    const usual = Array.from({ length: 10 }, () => observation());
    const wild = observation({ timings: { outputMs: 20 } });
    const estimates = learnt(...usual, wild);
    expect(estimates.decodeSpeed(node, model)).toBeLessThan(50 * 1.5);
    for (let n = 0; n < 60; n += 1) estimates.observe(observation({ timings: { outputMs: 4_000 } }));
    expect(estimates.decodeSpeed(node, model)).toBeCloseTo(25, 0);
  });

  it('learn nothing from what cannot be', () => {
    const estimates = createEstimates();
    const before = estimates.decodeSpeed(node, model);
    for (const outputMs of [0, -1, NaN, Infinity, 1e-9]) estimates.observe(observation({ timings: { outputMs } }));
    estimates.observe(observation({ usage: { estimated: true } }));
    estimates.observe(observation({ complete: false }));
    estimates.observe({ ...observation(), usage: undefined, timings: undefined });
    estimates.observe(observation({ demand: demand('elsewhere') }));
    expect(estimates.decodeSpeed(node, model)).toBe(before);
  });

  it('are forgotten with the node', () => {
    const estimates = learnt(observation());
    estimates.forget('a');
    expect(estimates.measured('a')).toEqual([]);
  });
});

describe('outputs', () => {
  const withOutputs = (...lengths: number[]): LearntEstimates =>
    learnt(...lengths.map((outputTokens) => observation({ usage: { outputTokens } })));

  it('are as long as the last ones of the model and tenant', () => {
    expect(createEstimates().expectedOutput(demand())).toBe(150);
    expect(
      withOutputs(...Array<number>(200).fill(1_000), ...Array<number>(64).fill(20)).expectedOutput(demand()),
    ).toBeLessThan(30);
  });

  it('of a model that is new to a tenant are as long as others of the tenant', () => {
    const estimates = withOutputs(...Array<number>(64).fill(500));
    expect(estimates.expectedOutput(demand('n'))).toBeGreaterThan(450);
    expect(estimates.expectedOutput(demand('n', { tenant: 'other' }))).toBe(150);
  });

  it('are never longer than the caller allows, and none for embeddings', () => {
    expect(createEstimates().expectedOutput(demand('m', { maxOutputTokens: 10 }))).toBe(10);
    expect(createEstimates().expectedOutput(embedding())).toBe(0);
  });

  it('are what was seen, shrunk towards what is usual for the tenant and for all, by two samples each', () => {
    const tenants = (450 + 2 * 150) / 3;
    expect(withOutputs(450).expectedOutput(demand('n'))).toBeCloseTo(tenants);
    expect(withOutputs(450).expectedOutput(demand('m'))).toBeCloseTo((450 + 2 * tenants) / 3);
    const estimates = withOutputs(450);
    estimates.observe(observation({ demand: demand('n'), usage: { outputTokens: 90 } }));
    const both = (450 + 90 + 2 * 150) / 4;
    expect(estimates.expectedOutput(demand('m'))).toBeCloseTo((450 + 2 * both) / 3);
    expect(estimates.expectedOutput(demand('n'))).toBeCloseTo((90 + 2 * both) / 3);
  });

  it('are remembered 64 at a time, the oldest forgotten first, over a restart too', () => {
    const before = withOutputs(...Array<number>(40).fill(1_000), ...Array<number>(40).fill(20));
    const sum = 24 * 1_000 + 40 * 20;
    const mean = (total: number) => (total + 2 * ((total + 300) / 66)) / 66;
    expect(before.expectedOutput(demand())).toBeCloseTo(mean(sum));
    const after = createEstimates();
    for (const [part, document] of before.exported()) after.restore(part, JSON.parse(JSON.stringify(document)));
    expect(after.expectedOutput(demand())).toBeCloseTo(mean(sum));
    for (let n = 1; n <= 30; n += 1) after.observe(observation({ usage: { outputTokens: 20 } }));
    expect(after.expectedOutput(demand())).toBeCloseTo(mean(64 * 20));
  });

  it('have as much to go as is usual before any are known, and half of what they have once they are long', () => {
    const estimates = createEstimates();
    expect(estimates.expectedRest(demand(), 0)).toBe(150);
    expect(estimates.expectedRest(demand(), 50)).toBe(100);
    expect(estimates.expectedRest(demand(), 100)).toBe(50);
    expect(estimates.expectedRest(demand(), 400)).toBe(200);
    expect(estimates.expectedRest(embedding(), 0)).toBe(0);
  });

  it('of a model that is new to a tenant have the rest to go that others of the tenant had', () => {
    const estimates = withOutputs(100, 300);
    expect(estimates.expectedRest(demand('n'), 150)).toBe(150);
    expect(estimates.expectedRest(demand('n'), 100)).toBe(200);
    expect(estimates.expectedRest(demand('n', { tenant: 'other' }), 200)).toBe(100);
  });

  it('are not learnt from calls that may write nothing, and not from what cannot be', () => {
    const loadsOnly = observation({ demand: demand('m', { maxOutputTokens: 0 }), usage: { outputTokens: 0 } });
    expect(learnt(loadsOnly).expectedOutput(demand())).toBe(150);
    expect(withOutputs(1_000_001).expectedOutput(demand())).toBe(150);
    expect(withOutputs(1_000_000).expectedOutput(demand())).toBeGreaterThan(150);
    expect(withOutputs(0).expectedOutput(demand())).toBeLessThan(150);
    expect(learnt(observation({ demand: embedding() })).expectedOutput(demand())).toBe(150);
  });

  it('have the rest to go that longer ones had', () => {
    const estimates = withOutputs(...Array<number>(32).fill(100), ...Array<number>(32).fill(300));
    expect(estimates.expectedRest(demand(), 150)).toBeCloseTo(150);
    expect(estimates.expectedRest(demand(), 1_000)).toBeCloseTo(500);
    expect(estimates.expectedRest(demand('m', { maxOutputTokens: 160 }), 150)).toBe(10);
    expect(estimates.expectedRest(demand('m', { maxOutputTokens: 100 }), 150)).toBe(0);
  });
});

describe('what is asked for', () => {
  it('comes at a rate that fades', () => {
    const estimates = createEstimates();
    for (let now = 0; now < 600_000; now += 1_000) estimates.arrived(demand(), now);
    expect(estimates.arrivalRate('m', 600_000)).toBeCloseTo(1 / 1_000, 4);
    expect(estimates.arrivalRate('m', 690_000)).toBeCloseTo(1 / 1_000 / Math.E, 4);
    expect(estimates.arrivalRate('n', 600_000)).toBe(0);
  });

  it('shows the largest context of the last ten minutes', () => {
    const estimates = createEstimates();
    estimates.arrived(demand('m', { numCtx: 16_384 }), 0);
    estimates.arrived(demand('m', { numCtx: 8_192 }), 300_000);
    estimates.arrived(demand('m', { numCtx: 1e9 }), 300_000);
    expect(estimates.largestContext('m', 300_000)).toBe(16_384);
    expect(estimates.largestContext('m', 600_000)).toBe(8_192);
    expect(estimates.largestContext('m', 900_000)).toBe(0);
  });

  it('shows the largest context to the minute, and none that no model takes', () => {
    const estimates = createEstimates();
    const need = (numCtx: number, now: number) => estimates.arrived(demand('m', { numCtx }), now);
    need(8_192, 59_999);
    need(4_096, 60_000);
    need(6_000, 60_000);
    need(5_000, 60_000);
    expect(estimates.largestContext('m', 599_999)).toBe(8_192);
    expect(estimates.largestContext('m', 600_000)).toBe(6_000);
    expect(estimates.largestContext('m', 660_000)).toBe(0);
    need(2 ** 24, 700_000);
    expect(estimates.largestContext('m', 700_000)).toBe(2 ** 24);
    need(2 ** 24 + 1, 700_000);
    expect(estimates.largestContext('m', 700_000)).toBe(2 ** 24);
    estimates.arrived(embedding('n', { numCtx: 8_192 }), 700_000);
    expect(estimates.largestContext('n', 700_000)).toBe(0);
  });
});

describe('tokens and memory', () => {
  it('learns how many tokens a model makes of characters, of prompts that were not cut', () => {
    const asked = demand('m', { promptCharacters: 4_000 });
    expect(learnt(observation({ demand: asked })).tokensPerCharacter('m')).toBeCloseTo(0.25);
    expect(learnt(observation({ demand: asked, usage: { promptTokens: 4 } })).tokensPerCharacter('m')).toBe(0.3);
    expect(learnt(observation({ demand: demand('m', { promptCharacters: 20 }) })).tokensPerCharacter('m')).toBe(0.3);
  });

  it('takes prompts of 200 characters or more, and ratios from 0.02 to 4', () => {
    const ratio = (promptCharacters: number, promptTokens: number) =>
      learnt(observation({ demand: demand('m', { promptCharacters }), usage: { promptTokens } })).tokensPerCharacter(
        'm',
      );
    expect(ratio(199, 100)).toBe(0.3);
    expect(ratio(200, 100)).toBe(0.5);
    expect(ratio(1_000, 20)).toBe(0.02);
    expect(ratio(1_000, 19)).toBe(0.3);
    expect(ratio(1_000, 4_000)).toBe(4);
    expect(ratio(1_000, 4_001)).toBe(0.3);
  });

  it('learns how much memory a token of context takes from what nodes report', () => {
    const estimates = createEstimates();
    estimates.reported(nodeFacts('a', { runners: [runnerFacts('m', { bytes: 4.3 * GB + 4_096 * 200_000 })] }));
    expect(estimates.runnerBytes(nodeFacts('b'), model, 8_192, 2)).toBeCloseTo(4.3 * GB + 8_192 * 2 * 200_000, -3);
    for (const bytes of [-1, 0, 1, NaN, 1e15])
      estimates.reported(nodeFacts('a', { runners: [runnerFacts('m', { bytes })] }));
    expect(estimates.runnerBytes(nodeFacts('b'), model, 8_192, 2)).toBeCloseTo(4.3 * GB + 8_192 * 2 * 200_000, -3);
  });
});

describe('memory of a model', () => {
  const at = (
    estimates: LearntEstimates,
    numCtx: number,
    slots: number,
    runners: Parameters<typeof runnerFacts>[1][],
  ) =>
    estimates.runnerBytes(
      nodeFacts('a', { runners: runners.map((one) => runnerFacts('m', one)) }),
      model,
      numCtx,
      slots,
    );

  it('is what its runner takes, of the same context and slots', () => {
    const estimates = createEstimates();
    const guessed = at(estimates, 4_096, 2, []);
    expect(at(estimates, 4_096, 2, [{ bytes: 7 * GB, slots: 2 }])).toBe(7 * GB);
    expect(at(estimates, 4_096, 2, [{ bytes: 7 * GB, slots: 1 }])).toBe(guessed);
    expect(at(estimates, 8_192, 2, [{ bytes: 7 * GB, slots: 2 }])).toBeGreaterThan(guessed);
    expect(at(estimates, 4_096, 2, [{ bytes: undefined, slots: 2 }])).toBe(guessed);
  });

  it('is guessed by its size: weights, buffers, and a cache that grows with the root of it', () => {
    const estimates = createEstimates();
    const sized = (gigabytes: number, numCtx: number, slots = 1) =>
      estimates.runnerBytes(nodeFacts('a'), modelFacts('m', { sizeBytes: gigabytes * GB }), numCtx, slots);
    expect(sized(4.9, 0)).toBeCloseTo(5.2 * GB, -3);
    expect(sized(4.9, 10_000)).toBeCloseTo(5.2 * GB + 10_000 * 120e3, -3);
    expect(sized(4 * 4.9, 10_000)).toBeCloseTo((4 * 4.9 + 0.3) * GB + 10_000 * 240e3, -3);
    expect(sized(4.9, 10_000, 3)).toBeCloseTo(5.2 * GB + 30_000 * 120e3, -3);
    expect(estimates.leastBytes!(node, model, 10_000, 1)).toBe(4 * GB);
  });

  it('is learnt for all that have the digest, and only from runners that are there in full', () => {
    const same = (name: string) => modelFacts(name, { digest: 'd' });
    const report = (changes: Parameters<typeof runnerFacts>[1]) => {
      const estimates = createEstimates();
      const runners = [runnerFacts('m', { bytes: 4.3 * GB + 4_096 * 2 * 200_000, slots: 2, ...changes })];
      estimates.reported(nodeFacts('a', { models: [same('m')], runners }));
      return estimates;
    };
    const learntOf = report({});
    const isMeasured = (of: LearntEstimates, one: ModelFacts) =>
      of.leastBytes!(nodeFacts('b'), one, 1_000, 1) === of.runnerBytes(nodeFacts('b'), one, 1_000, 1);
    expect(isMeasured(learntOf, same('copy'))).toBe(true);
    expect(isMeasured(learntOf, modelFacts('m'))).toBe(false);
    expect(learntOf.runnerBytes(nodeFacts('b'), same('copy'), 1_000, 1)).toBeCloseTo(4.3 * GB + 1_000 * 200_000, -3);
    for (const one of [{ loading: true }, { numCtx: undefined }, { numCtx: 0 }, { bytes: undefined }]) {
      expect(isMeasured(report(one), same('m'))).toBe(false);
    }
    expect(isMeasured(report({ bytes: 4.3 * GB + 8_192 * 63e6 }), same('m'))).toBe(true);
    expect(isMeasured(report({ bytes: 4.3 * GB + 8_192 * 64e6 }), same('m'))).toBe(false);
  });
});

describe('a load that failed for want of memory', () => {
  /** Guessed to take 4.3 GB, and 1.7 GB for 16,384 tokens; what is refused there takes 2.7 GB or more. */
  const memoryBytes = 7 * GB;
  const [a, b, c] = ['a', 'b', 'c'].map((name) => nodeFacts(name, { memoryBytes }));
  const large = nodeFacts('large', { memoryBytes: 8 * GB });
  const mayLoad = (estimates: LearntEstimates, on: NodeFacts, numCtx = 16_384) =>
    fits(on, model, { numCtx, slots: 1, bytes: estimates.runnerBytes(on, model, numCtx, 1) }, estimates);
  const refusedBy = (nodes: readonly NodeFacts[], numCtx = 16_384, at = 0) => {
    const estimates = createEstimates();
    for (const one of nodes) expect(estimates.refused(one, model, numCtx, 1, at)).toBe(true);
    return estimates;
  };

  it('is not tried there again, nor with more context; less may do', () => {
    expect(mayLoad(createEstimates(), a!)).toBe(true);
    const estimates = refusedBy([a!]);
    expect(mayLoad(estimates, a!)).toBe(false);
    expect(mayLoad(estimates, a!, 20_000)).toBe(false);
    expect(mayLoad(estimates, a!, 16_000)).toBe(true);
    expect(estimates.runnerBytes(a!, model, 16_384, 1)).toBeGreaterThan(memoryBytes);
  });

  it('tells of the model on other nodes when it has failed on two', () => {
    expect(mayLoad(refusedBy([a!]), b!)).toBe(true);
    expect(mayLoad(refusedBy([a!, a!]), b!)).toBe(true);
    const estimates = refusedBy([a!, b!]);
    expect(mayLoad(estimates, c!)).toBe(false);
    expect(mayLoad(estimates, large)).toBe(true);
    expect(estimates.runnerBytes(c!, modelFacts('other'), 16_384, 1)).toBeLessThan(memoryBytes);
  });

  it('corrects what was measured too', () => {
    const estimates = createEstimates();
    const runner = runnerFacts('m', { bytes: 4.3 * GB + 4_096 * 150_000 });
    estimates.reported(nodeFacts('large', { runners: [runner] }));
    expect(mayLoad(estimates, a!)).toBe(true);
    expect(estimates.refused(a!, model, 16_384, 1, 0)).toBe(true);
    expect(mayLoad(estimates, a!)).toBe(false);
  });

  it('is the fault of the node, if the model should have taken less than half of what there is', () => {
    const estimates = createEstimates();
    expect(estimates.refused(a!, model, 4_096, 1, 0)).toBe(false);
    expect(mayLoad(estimates, a!, 4_096)).toBe(true);
    const open = nodeFacts('open', { memoryBytes: undefined });
    expect(estimates.refused(open, model, 4_096, 1, 0)).toBe(false);
    expect(estimates.refused(a!, model, 0, 1, 0)).toBe(false);
    expect(estimates.refused(a!, modelFacts('m', { sizeBytes: undefined }), 16_384, 1, 0)).toBe(false);
  });

  it('is forgotten after ten minutes, when somebody asks', () => {
    const estimates = refusedBy([a!, b!], 16_384, 1_000);
    estimates.arrived(demand(), 601_000);
    expect(mayLoad(estimates, c!)).toBe(false);
    estimates.arrived(demand(), 601_001);
    expect(mayLoad(estimates, a!)).toBe(true);
    expect(mayLoad(estimates, c!)).toBe(true);
  });
});

describe('what the hardware lets expect', () => {
  const estimates = createEstimates();
  const big = modelFacts('m', { sizeBytes: 9.5 * GB });
  const [gpu, cpu, unknown] = [{ hasGpu: true }, { hasGpu: false }, {}].map((changes) => nodeFacts('a', changes));

  it('is a memory that is read once for each token, at 300, 100 or 30 GB a second', () => {
    const speeds = [gpu, unknown, cpu].map((one) => estimates.decodeSpeed(one!, big));
    expect(speeds).toEqual([30, 10, 3]);
    const reading = [gpu, unknown, cpu].map((one) => estimates.prefillSpeed(one!, big));
    expect(reading).toEqual([30 * 15, 10 * 10, 3 * 5]);
    expect(estimates.decodeSpeed(gpu!, modelFacts('m', { sizeBytes: undefined }))).toBeCloseTo(300 / 4.5);
  });

  it('is a load of a gigabyte a second', () => {
    expect(estimates.loadMs(gpu!, big)).toBe(1_500 + 9_500);
  });

  it('is the pace of the machine for a model that is too large for its GPU', () => {
    const small = (memoryBytes: number) => nodeFacts('a', { hasGpu: true, memoryBytes });
    expect(estimates.decodeSpeed(small(9.5 * GB), big)).toBe(30);
    expect(estimates.decodeSpeed(small(9.4 * GB), big)).toBe(3);
  });

  it('is told by the node, or by what people say of it', () => {
    const says = (attributes: Parameters<typeof nodeFacts>[1]) =>
      estimates.decodeSpeed(nodeFacts('a', attributes), big);
    expect(says({ attributes: { type: 'jetson-orin' } })).toBe(30);
    expect(says({ attributes: { capabilities: ['cuda'] } })).toBe(30);
    expect(says({ attributes: { type: 'cpu-only' } })).toBe(3);
    expect(says({ attributes: { type: 'cpu' }, hasGpu: true })).toBe(30);
    expect(says({ attributes: { type: 'gpu' }, hasGpu: false })).toBe(3);
  });
});

describe('what is kept', () => {
  const full = (): LearntEstimates => {
    const estimates = learnt(observation({ loads: true, demand: demand('m', { promptCharacters: 5_000 }) }));
    estimates.reported(nodeFacts('a', { runners: [runnerFacts('m')] }));
    return estimates;
  };

  it('is the same after a restart', () => {
    const [before, after] = [full(), createEstimates()];
    for (const [part, document] of before.exported()) after.restore(part, JSON.parse(JSON.stringify(document)));
    expect([...after.exported()]).toEqual([...before.exported()]);
    expect([...before.exported().keys()]).toEqual(['node:a', 'models']);
    expect(after.expectedOutput(demand())).toBe(before.expectedOutput(demand()));
    expect(after.loadMs(node, model)).toBe(before.loadMs(node, model));
  });

  it('is ignored where it is garbage', () => {
    const estimates = createEstimates();
    const garbage = [
      null,
      1,
      [],
      {},
      { version: 2, speeds: { ratio: { decode: [9, 9] } } },
      { version: 1, speeds: { ratio: { decode: [-1, 1], load: 'x' }, models: [['m', { decode: [NaN, 1] }], 7] } },
      { version: 1, outputs: [['m local', ['x', -1]], 3], footprints: [['m', [0, 0]]], tokensPerCharacter: 'x' },
      { version: 1, tokensPerCharacter: [null, 'x', [7, [1, 1]], ['m', [0, 1]]] },
    ];
    for (const document of garbage) for (const part of ['node:a', 'models', 'other']) estimates.restore(part, document);
    const fresh = createEstimates();
    expect(estimates.decodeSpeed(node, model)).toBe(fresh.decodeSpeed(node, model));
    expect(estimates.expectedOutput(demand())).toBe(150);
    expect(estimates.exported().get('models')).toEqual(fresh.exported().get('models'));
    expect(estimates.runnerBytes(node, model, 4_096, 1)).toBe(fresh.runnerBytes(node, model, 4_096, 1));
  });

  it('does not grow without bound', () => {
    const estimates = createEstimates();
    for (let n = 0; n < 6_000; n += 1) {
      estimates.observe(observation({ node: nodeFacts(`n${n}`), demand: demand('m', { tenant: `t${n}` }) }));
    }
    expect(estimates.exported().size).toBeLessThanOrEqual(5_001);
    expect(estimates.measured('n0')).toEqual([]);
    expect(estimates.measured('n5999')).toHaveLength(1);
  });
});
