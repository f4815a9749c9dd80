import { describe, expect, it } from 'vitest';
import type { Demand } from './demand.ts';
import type { NodeFacts, RunningCall } from './node-facts.ts';
import type { Option } from './option.ts';
import { optionsFor, type OptionsInput } from './options-for.ts';
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
} from './routing.fixture.ts';

// A call has 200 tokens to read, which takes 200 ms, and 100 to write, which take 2 s; a load takes 5 s.

function optionOn(node: NodeFacts, asked: Demand = demand(), changes: Partial<OptionsInput> = {}): Option | undefined {
  return optionsFor({ ...planInput([node], []), demand: asked, ...changes }).options[0];
}

const warm = (changes: Parameters<typeof nodeFacts>[1] = {}) =>
  nodeFacts('a', { runners: [runnerFacts('m')], ...changes });
const call = runningCall('m', { firstTokenAt: 0 });
const x = runnerFacts('x', { bytes: 10 * GB });
const both = ['m', 'x'];

describe('on a model in memory', () => {
  it('a call costs what it reads and writes', () => {
    expect(optionOn(warm())).toMatchObject({
      ...{ kind: 'resident', startAt: 0, durationMs: 2_200, totalMs: 2_200, startable: true, numCtx: 4_096 },
      ...{ evict: [], evictsBusy: false, cachedTokens: 0 },
      parts: { waitMs: 0, loadMs: 0, prefillMs: 200, decodeMs: 2_000, evictionMs: 0 },
    });
  });

  it('it is slowed by those that will still run beside it when it starts', () => {
    const beside = (slots: number, calls: NodeFacts['calls'], others = 1) =>
      optionOn(
        nodeFacts('a', {
          ...{ models: both, runners: [runnerFacts('m', { slots }), runnerFacts('x', { slots: others })], calls },
        }),
      )!.parts;
    expect(beside(3, [call])).toMatchObject({ prefillMs: 200 * 1.2, decodeMs: 2_000 * 1.2 });
    expect(beside(3, [call, call])).toMatchObject({ prefillMs: 200 * 1.4, decodeMs: 2_000 * 1.4 });
    expect(beside(3, [call, runningCall('x')]).decodeMs).toBeCloseTo(2_000 * 2.1);
    // It starts when the other is done.
    expect(beside(1, [call])).toMatchObject({ waitMs: 2_000, decodeMs: 2_000 });
    const long = runningCall('x', { demand: demand('x', { promptTokens: 60_000 }) });
    expect(beside(1, [call, long])).toMatchObject({ decodeMs: 2_000 * 1.9 });
  });

  it('it counts on the prompts that the slots may still hold, and on none while the model is loaded', () => {
    const prefix = [{ hash: 7, tokens: 120 }];
    const prompts = new Map([['m', [[{ hash: 8, tokens: 50 }], prefix]]]);
    const asked = demand('m', { prefix });
    const cached = (changes: Parameters<typeof runnerFacts>[1]) =>
      optionOn(nodeFacts('a', { prompts, runners: [runnerFacts('m', changes)] }), asked)!;
    expect(cached({ slots: 2 })).toMatchObject({ cachedTokens: 120, parts: { prefillMs: 80 } });
    expect(cached({ slots: 1 }).cachedTokens).toBe(0);
    expect(cached({ slots: 2, loading: true, loadingSince: 0 }).cachedTokens).toBe(0);
  });

  it('it can start with one call ahead of it, where the node has a slot or the runner none', () => {
    const startable = (changes: Parameters<typeof nodeFacts>[1]) => optionOn(warm(changes))!.startable;
    expect(startable({ calls: [call] })).toBe(true);
    expect(startable({ calls: [call, call] })).toBe(false);
    expect(startable({ slots: 1, calls: [call] })).toBe(true);
    expect(startable({ slots: 1, zombies: 1 })).toBe(false);
    expect(startable({ full: true })).toBe(false);
    const other = { models: both, runners: [runnerFacts('m'), runnerFacts('x')], calls: [runningCall('x')] };
    expect(startable({ ...other, slots: 2 })).toBe(true);
    expect(startable({ ...other, slots: 1 })).toBe(false);
    expect(startable({ ...other, slots: 2, zombies: 1 })).toBe(false);
  });

  it('nobody is sent to wait there for a slot that is long in coming: another node may have one before', () => {
    const behind = (running: Partial<RunningCall>) =>
      optionOn(warm({ calls: [runningCall('m', running)] }), demand(), {
        parameters: parametersWith({ aheadMs: 2_000 }),
      });
    const late = { firstTokenAt: undefined, demand: demand('m', { promptTokens: 5_000 }) };
    expect(behind({ firstTokenAt: -1_000, outputTokens: 50 })).toMatchObject({ startAt: 1_000, startable: true });
    expect(behind(late)).toMatchObject({ startAt: 7_000, startable: false });
  });

  it('embeddings join each other up to a number', () => {
    const reading = runningCall('m', { demand: embedding() });
    const at = (running: number) =>
      optionOn(warm({ calls: Array.from({ length: running }, () => reading) }), embedding(), {
        parameters: parametersWith({ embeddings: 3 }),
      })!.startable;
    expect([0, 1, 2, 3, 4].map(at)).toEqual([true, true, true, false, false]);
  });

  it('a model that shows no sign of life is no option', () => {
    expect(optionOn(warm({ runners: [runnerFacts('m', { problem: 'it hangs' })] }))).toBeUndefined();
  });
});

describe('a load', () => {
  it('comes first, and takes nothing from others where there is room', () => {
    expect(optionOn(nodeFacts('a'))).toMatchObject({
      ...{ kind: 'load', startAt: 5_000, durationMs: 2_200, totalMs: 7_200, startable: true, numCtx: 4_096 },
      ...{ evict: [], evictsBusy: false, cachedTokens: 0 },
      parts: { waitMs: 0, loadMs: 5_000, prefillMs: 200, decodeMs: 2_000, evictionMs: 0 },
    });
  });

  it('waits for the one that is under way', () => {
    const loading = runnerFacts('x', { loading: true, loadingSince: -2_000 });
    expect(optionOn(nodeFacts('a', { models: both, runners: [loading] }))).toMatchObject({
      ...{ startAt: 8_000, startable: false, evictsBusy: false },
      parts: { waitMs: 3_000, loadMs: 5_000 },
    });
  });

  it('waits for a slot of the node', () => {
    const beside = (slots: number, zombies = 0) =>
      optionOn(
        nodeFacts('a', { models: both, runners: [runnerFacts('x')], calls: [runningCall('x')], slots, zombies }),
      );
    expect(beside(2)).toMatchObject({ startable: true, parts: { waitMs: 0, decodeMs: 2_000 } });
    expect(beside(1)).toMatchObject({ startable: false, parts: { waitMs: 2_200 } });
    expect(beside(2, 1)).toMatchObject({ startable: false, parts: { waitMs: 2_200 } });
    expect(optionOn(nodeFacts('a', { full: true }))).toMatchObject({ startable: false });
  });

  it('waits for the calls on what it takes out of memory, which then slow nobody', () => {
    const node = nodeFacts('a', { models: both, runners: [x], calls: [runningCall('x')] });
    expect(optionOn(node)).toMatchObject({
      ...{ evict: ['x'], evictsBusy: true, startable: false, startAt: 7_200 },
      parts: { waitMs: 2_200, loadMs: 5_000, decodeMs: 2_000 },
    });
  });

  it('is slowed by what will run beside it when it is done', () => {
    const beside = (promptTokens: number) => {
      const running = runningCall('x', { demand: demand('x', { promptTokens }) });
      return optionOn(nodeFacts('a', { models: both, runners: [runnerFacts('x')], calls: [running] }))!.parts.decodeMs;
    };
    expect(beside(2_000)).toBe(2_000);
    expect(beside(4_000)).toBe(2_000 * 1.9);
  });

  it('of the same model with more context waits for the calls on it, and costs others little', () => {
    const grown = demand('m', { numCtx: 8_192 });
    const waiting = new Map([['m', 1]]);
    expect(optionOn(warm({ calls: [call] }), grown, { waiting })).toMatchObject({
      ...{ kind: 'load', evict: [], evictsBusy: true, startable: false },
      parts: { waitMs: 2_000, evictionMs: 0.3 * 1.5 * 5_000 },
    });
    expect(optionOn(warm(), grown)).toMatchObject({ evictsBusy: false, startable: true, parts: { waitMs: 0 } });
  });

  it('costs others more, the likelier they ask for what leaves, and less for each copy of it', () => {
    const holder = (name: string) => nodeFacts(name, { models: ['x'], runners: [x] });
    const charge = (rate: number, copies: number) => {
      const node = nodeFacts('a', { models: both, runners: [x] });
      const others = ['b', 'c'].slice(0, copies - 1).map(holder);
      const estimates = plainEstimates({ arrivalRate: (model) => (model === 'x' ? rate : 0) });
      const input = { ...planInput([node, ...others], []), estimates, demand: demand() };
      return optionsFor(input).options.find((option) => option.node === 'a')!.parts.evictionMs;
    };
    const wanted = (calls: number) => 1 - Math.exp(-calls);
    expect(charge(0, 1)).toBe(0);
    expect(charge(1 / 60_000, 1)).toBeCloseTo(7_500 * wanted(1));
    expect(charge(2 / 60_000, 1)).toBeCloseTo(7_500 * wanted(2));
    expect(charge(2 / 60_000, 2)).toBeCloseTo((7_500 * wanted(1)) / 2);
    expect(charge(3 / 60_000, 3)).toBeCloseTo((7_500 * wanted(1)) / 3);
  });

  it('takes the larger context that others asked for only if memory is left for it', () => {
    const estimates = plainEstimates({ largestContext: () => 20_000 });
    const numCtxIn = (memoryBytes: number | undefined) =>
      optionOn(nodeFacts('a', { memoryBytes }), demand('m', { numCtx: 8_000 }), { estimates })?.numCtx;
    // 4 GB of weights and 100 KB for each token.
    expect([4.8 * GB, 5.999 * GB, 6 * GB, undefined].map(numCtxIn)).toEqual([8_000, 8_000, 20_000, 20_000]);
    expect(numCtxIn(4.799 * GB)).toBeUndefined();
  });

  it('has context for each slot of the model, of which embeddings have one', () => {
    const node = nodeFacts('a', { memoryBytes: 4.9 * GB, slotsPerRunner: 3 });
    expect(optionOn(node, demand())).toBeUndefined();
    expect(optionOn(node, embedding())).toMatchObject({ kind: 'load' });
  });

  it('of a model that reaches into the memory of the machine leaves nothing else in that of the GPU', () => {
    const huge = modelFacts('m', { sizeBytes: 20 * GB });
    const node = nodeFacts('a', {
      models: [huge, 'x'],
      runners: [runnerFacts('x', { bytes: GB })],
      spillBytes: 30 * GB,
    });
    expect(optionOn(node)).toMatchObject({ kind: 'load', evict: ['x'] });
  });
});
