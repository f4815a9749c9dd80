import { describe, expect, it } from 'vitest';
import type { Demand } from './demand.ts';
import type { NodeFacts } from './node-facts.ts';
import type { Option } from './option.ts';
import { optionsFor } from './options-for.ts';
import { demand, embedding, GB, nodeFacts, planInput, runnerFacts, runningCall } from './routing.fixture.ts';

// A call has 200 tokens to read, which takes 200 ms, and 100 to write, which take 2 s; a load takes 5 s.

function optionOn(node: NodeFacts, asked: Demand = demand(), now = 0): Option {
  return optionsFor({ ...planInput([node], [], { now }), demand: asked }).options[0]!;
}

function waitOn(changes: Parameters<typeof nodeFacts>[1], asked?: Demand, now?: number): number {
  return optionOn(nodeFacts('a', changes), asked, now).parts.waitMs;
}

const begun = runningCall('m', { startedAt: -1_000, firstTokenAt: -1_000, outputTokens: 50 });
const fresh = runningCall('m');
const one = [runnerFacts('m')];
const two = [runnerFacts('m', { slots: 2 })];
const withX = [runnerFacts('m'), runnerFacts('x')];

describe('a slot is free when', () => {
  it('the call in it has written the rest of its answer', () => {
    expect(waitOn({ runners: one, calls: [begun] })).toBe(50 * 20);
  });

  it('the call in it has read its prompt and written its answer', () => {
    expect(waitOn({ runners: one, calls: [fresh] })).toBe(200 + 2_000);
    expect(waitOn({ runners: one, calls: [runningCall('m', { startedAt: -300 })] })).toBe(1_900);
  });

  it('the call that waits behind it has come to its end as well', () => {
    expect(waitOn({ runners: one, calls: [begun, fresh] })).toBe(1_000 + 2_200);
  });

  it('the first of several is free, whichever began first', () => {
    const late = runningCall('m', { firstTokenAt: 0, outputTokens: 0 });
    const slow = 1.2;
    expect(waitOn({ runners: two, calls: [late, begun] })).toBeCloseTo(-1_000 + 100 * 20 * slow);
    expect(waitOn({ runners: two, calls: [begun, late] })).toBeCloseTo(-1_000 + 100 * 20 * slow);
    expect(waitOn({ runners: two, calls: [begun, late, fresh] })).toBeCloseTo(100 * 20 * slow);
  });

  it('its calls, slowed by each other and by those of other models, are done', () => {
    const x = runningCall('x');
    expect(waitOn({ models: ['m', 'x'], runners: withX, calls: [fresh, x] })).toBeCloseTo(2_200 * 1.9);
    const busier = [runnerFacts('m'), runnerFacts('x', { slots: 2 })];
    expect(waitOn({ models: ['m', 'x'], runners: busier, calls: [fresh, x, x] })).toBeCloseTo(2_200 * 2.8);
    // Whoever waits for a slot slows nobody.
    expect(waitOn({ models: ['m', 'x'], runners: withX, calls: [fresh, x, x] })).toBeCloseTo(2_200 * 1.9);
  });

  it('the model is loaded', () => {
    const loading = (since: number | undefined) => [runnerFacts('m', { loading: true, loadingSince: since })];
    expect(waitOn({ runners: loading(-1_000) })).toBe(4_000);
    expect(waitOn({ runners: loading(undefined) })).toBe(5_000);
    expect(waitOn({ runners: loading(-1_000), calls: [fresh] })).toBe(4_000 + 2_200);
  });

  it('half of an answer has been written for another orchestrator, of which nothing else is known', () => {
    const foreign = [runnerFacts('m', { foreignCalls: 1 })];
    // An answer of 150 tokens, all of it from the start on, and then again and again.
    expect(waitOn({ runners: foreign, readySince: 0 })).toBe(3_000);
    expect(waitOn({ runners: foreign, readySince: 0 }, demand(), 4_000)).toBe(2_000);
    const both = [runnerFacts('m', { slots: 2, foreignCalls: 2 })];
    expect(waitOn({ runners: both, readySince: 0 })).toBeCloseTo(3_000 * 1.2);
  });

  it('the node has one for it, over all its models', () => {
    const x = [runnerFacts('m'), runnerFacts('x')];
    const beside = (changes: Parameters<typeof nodeFacts>[1]) =>
      waitOn({ models: ['m', 'x'], runners: x, calls: [runningCall('x')], ...changes });
    expect(beside({ slots: 2 })).toBe(0);
    expect(beside({ slots: 1 })).toBe(2_200);
    expect(beside({ slots: 2, zombies: 1 })).toBe(2_200);
    // Nobody can say when the backend gives up what was cancelled.
    expect(waitOn({ runners: one, slots: 1, zombies: 1, readySince: 0 })).toBe(10_000);
  });

  it('a call on a model that is leaving is done', () => {
    const leaving = runningCall('gone');
    expect(waitOn({ runners: one, calls: [leaving], slots: 1 })).toBe(2_200);
    const beside = optionOn(nodeFacts('a', { runners: one, calls: [leaving], slots: 2 }));
    expect(beside.parts).toMatchObject({ waitMs: 0, prefillMs: 200 * 1.9 });
  });
});

describe('a prediction that has passed', () => {
  it('moves on by the rest that such a call has', () => {
    // Predicted for -7,800, and then every 2,000 ms.
    expect(waitOn({ runners: one, calls: [runningCall('m', { startedAt: -10_000 })] })).toBe(200);
    const long = runningCall('m', { startedAt: -9_000, firstTokenAt: -9_000, outputTokens: 300 });
    // 20 tokens more than it has, again and again: -2,600, -2,200, …
    expect(waitOn({ runners: one, calls: [long] })).toBe(200);
  });

  it('moves on by the prompt of an embedding, of which nothing else is expected', () => {
    const overdue = runningCall('m', { demand: embedding('m', { promptTokens: 700 }), startedAt: -1_000 });
    expect(waitOn({ runners: one, calls: [overdue] })).toBe(400);
  });

  it('moves on by a quarter of a load', () => {
    const loading = [runnerFacts('m', { loading: true, loadingSince: -6_000 })];
    expect(waitOn({ runners: loading })).toBe(250);
  });

  it('is made anew once it has passed', () => {
    const node = nodeFacts('a', { runners: one, calls: [begun] });
    const input = planInput([node], []);
    const waitAt = (now: number) => optionsFor({ ...input, now, demand: demand() }).options[0]!.parts.waitMs;
    expect([0, 600, 999, 1_000, 1_500].map(waitAt)).toEqual([1_000, 400, 1, 1_000, 500]);
  });
});

describe('embeddings that run', () => {
  const reading = (promptTokens: number) => runningCall('m', { demand: embedding('m', { promptTokens }) });

  it('take one slot together, until the last of them is read', () => {
    expect(waitOn({ runners: one, calls: [reading(600)] })).toBe(600);
    expect(waitOn({ runners: one, calls: [reading(600), reading(300)] })).toBe(900);
    expect(waitOn({ runners: two, calls: [reading(600), reading(300)] })).toBe(0);
    expect(waitOn({ runners: two, calls: [reading(600), begun] })).toBeCloseTo(600 * 1.2);
  });

  it('come after the load, and after what has the slot', () => {
    const loading = [runnerFacts('m', { loading: true, loadingSince: 0 })];
    expect(waitOn({ runners: loading, calls: [reading(600)] })).toBe(5_600);
    expect(waitOn({ runners: one, calls: [reading(600), begun] })).toBe(1_000);
  });

  it('are joined by others at their end', () => {
    expect(waitOn({ runners: two, calls: [reading(600), reading(300)] }, embedding())).toBe(900);
    expect(waitOn({ runners: two, calls: [begun] }, embedding())).toBe(0);
  });

  it('slow others as one', () => {
    const x = { models: ['m', 'x'], runners: [runnerFacts('m', { bytes: GB }), runnerFacts('x')] };
    const beside = (calls: readonly ReturnType<typeof reading>[]) =>
      optionOn(nodeFacts('a', { ...x, calls }), demand('x')).parts.prefillMs;
    expect(beside([reading(600), reading(600), reading(600)])).toBeCloseTo(200 * 1.9);
    expect(waitOn({ ...x, calls: [reading(600), reading(600), runningCall('x')] }, demand('x'))).toBeCloseTo(
      2_200 * 1.9,
    );
  });
});
