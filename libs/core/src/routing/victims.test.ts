import { describe, expect, it } from 'vitest';
import type { RunnerFacts } from './node-facts.ts';
import { optionsFor } from './options-for.ts';
import { demand, GB, nodeFacts, plainEstimates, planInput, runnerFacts, runningCall } from './routing.fixture.ts';

const sized = (model: string, gigabytes: number, changes: Partial<RunnerFacts> = {}) =>
  runnerFacts(model, { bytes: gigabytes * GB, ...changes });

interface Case {
  readonly memory?: number;
  readonly most?: number;
  readonly busy?: readonly string[];
  /** Calls a minute. */
  readonly rates?: Readonly<Record<string, number>>;
  readonly waiting?: Readonly<Record<string, number>>;
}

/** What leaves a node for the model "m", which takes 4.4 GB. */
function leaving(runners: readonly RunnerFacts[], { memory, most, busy = [], rates = {}, waiting = {} }: Case = {}) {
  const node = nodeFacts('a', {
    models: ['m', ...runners.map(({ model }) => model)],
    ...{ runners, memoryBytes: memory === undefined ? undefined : memory * GB, maxRunners: most, slots: 9 },
    calls: busy.map((model) => runningCall(model)),
  });
  const estimates = plainEstimates({ arrivalRate: (model) => (rates[model] ?? 0) / 60_000 });
  const { options } = optionsFor({
    ...planInput([node], [], { estimates }),
    demand: demand(),
    waiting: new Map(Object.entries(waiting)),
  });
  const [{ evict, evictsBusy, parts }] = options as [(typeof options)[number]];
  return { evict, evictsBusy, waitMs: parts.waitMs, evictionMs: parts.evictionMs };
}

describe('a load takes out of memory', () => {
  it('nothing that it need not', () => {
    const runners = [sized('x', 3), sized('y', 3)];
    expect(leaving(runners).evict).toEqual([]);
    expect(leaving(runners, { memory: 10.41 }).evict).toEqual([]);
    expect(leaving(runners, { memory: 10.4 }).evict).toHaveLength(1);
    // To the byte: each of the others has 3 GB, and this one 4.4096.
    expect(leaving(runners, { memory: 10.4096 }).evict).toEqual([]);
    expect(leaving(runners, { memory: 7.4096 }).evict).toEqual(['x']);
    expect(leaving(runners, { memory: 7.4095 }).evict).toEqual(['x', 'y']);
    expect(leaving(runners, { memory: 100, most: 3 }).evict).toEqual([]);
    expect(leaving(runners, { memory: 100, most: 2 }).evict).toHaveLength(1);
    expect(leaving(runners, { memory: 100, most: 1 }).evict).toEqual(['x', 'y']);
  });

  it('what is idle before what is busy, however much it is wanted', () => {
    const runners = [sized('x', 6), sized('y', 6)];
    const rates = { y: 60 };
    expect(leaving(runners, { memory: 12, busy: ['x'], rates })).toMatchObject({ evict: ['y'], evictsBusy: false });
    expect(leaving(runners, { memory: 12, busy: ['y'], rates: { x: 60 } })).toMatchObject({ evict: ['x'] });
    const three = [...runners, sized('z', 6)];
    expect(leaving(three, { memory: 18, busy: ['x', 'z'], rates })).toMatchObject({ evict: ['y'] });
    expect(leaving(runners, { memory: 6, busy: ['x'] })).toMatchObject({ evict: ['y', 'x'], evictsBusy: true });
    expect(leaving(runners, { memory: 6, busy: ['y'] })).toMatchObject({ evict: ['x', 'y'], evictsBusy: true });
  });

  it('what others miss least for the memory that it frees', () => {
    expect(leaving([sized('x', 6), sized('y', 6)], { memory: 12, rates: { x: 2, y: 1 } }).evict).toEqual(['y']);
    expect(leaving([sized('x', 6), sized('y', 6)], { memory: 12, rates: { x: 1, y: 2 } }).evict).toEqual(['x']);
    // Twice the memory for the same loss.
    expect(leaving([sized('x', 5), sized('y', 10)], { memory: 15, rates: { x: 1, y: 1 } }).evict).toEqual(['y']);
    expect(leaving([sized('y', 10), sized('x', 5)], { memory: 15, rates: { x: 1, y: 1 } }).evict).toEqual(['y']);
  });

  it('of equals, the one whose name comes first', () => {
    expect(leaving([sized('y', 6), sized('x', 6)], { memory: 12 }).evict).toEqual(['x']);
    expect(leaving([sized('x', 6), sized('y', 6)], { memory: 12 }).evict).toEqual(['x']);
  });

  it('no small one that has become superfluous by the large one after it', () => {
    // The small one is missed less, and its place is not enough.
    const runners = [sized('small', 1), sized('large', 9)];
    expect(leaving(runners, { memory: 10, rates: { large: 1 } }).evict).toEqual(['large']);
    const three = [sized('a', 1), sized('b', 1), sized('large', 8)];
    expect(leaving(three, { memory: 10, rates: { large: 1 } }).evict).toEqual(['large']);
    expect(leaving(three, { memory: 10, most: 2, rates: { large: 1 } }).evict).toEqual(['b', 'large']);
    // To the byte: without the small one this one has just its 4.4096 GB.
    expect(leaving([sized('small', 1), sized('large', 4.4096)], { memory: 5.4096, rates: { large: 1 } }).evict).toEqual(
      ['large'],
    );
    // Here one of them must go for the number.
    expect(leaving(runners, { memory: 10, most: 1, rates: { large: 1 } }).evict).toEqual(['small', 'large']);
  });

  it('what was loaded for someone who still waits only as if it were busy', () => {
    const runners = [sized('x', 6, { fresh: true }), sized('y', 6)];
    const rates = { y: 60 };
    expect(leaving(runners, { memory: 12, rates, waiting: { x: 1 } })).toMatchObject({ evict: ['y'] });
    expect(leaving(runners, { memory: 12, rates })).toMatchObject({ evict: ['x'], evictsBusy: false });
    const served = [sized('x', 6), sized('y', 6)];
    expect(leaving(served, { memory: 6, waiting: { x: 1 } })).toMatchObject({ evictsBusy: false });
    expect(leaving(runners, { memory: 6, waiting: { x: 1 } })).toMatchObject({ evictsBusy: true });
  });

  it('what is still on its way only when it is there', () => {
    const loading = [sized('x', 10, { loading: true, loadingSince: 0 })];
    expect(leaving(loading, { memory: 12 })).toMatchObject({ evict: ['x'], evictsBusy: true, waitMs: 5_000 });
  });
});

describe('the loss of others', () => {
  it('is that of all that leave', () => {
    const waiting = { m: 1, x: 1, y: 1 };
    expect(leaving([sized('x', 6), sized('y', 6)], { memory: 6, waiting }).evictionMs).toBe(2 * 7_500);
    expect(leaving([sized('x', 6), sized('y', 6)], { memory: 12, waiting }).evictionMs).toBe(7_500);
  });

  it('is not awaited longer than the last of them takes', () => {
    const long = runningCall('y', { demand: demand('y', { promptTokens: 1_000 }) });
    const node = nodeFacts('a', {
      ...{ models: ['m', 'x', 'y'], runners: [sized('x', 6), sized('y', 6)], memoryBytes: 6 * GB, slots: 9 },
      calls: [runningCall('x'), long],
    });
    const [option] = optionsFor({ ...planInput([node], []), demand: demand() }).options;
    // Both are slowed by each other.
    expect(option!.parts.waitMs).toBeCloseTo(3_000 * 1.9);
  });
});
