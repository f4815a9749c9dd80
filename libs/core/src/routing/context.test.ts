import { describe, expect, it } from 'vitest';
import { fits, loadContext, needed, raises, required } from './context.ts';
import { demand, embedding, GB, modelFacts, nodeFacts, plainEstimates, runnerFacts } from './routing.fixture.ts';

const asked = (promptTokens: number, changes: Parameters<typeof demand>[1] = {}) =>
  demand('m', { promptTokens, ...changes });

describe('what a call needs', () => {
  it('is its prompt and some answer, or what it asks for where that is more', () => {
    expect(needed(asked(1_000))).toBe(1_512);
    expect(needed(asked(1_000, { maxOutputTokens: 100 }))).toBe(1_100);
    expect(needed(asked(1_000, { maxOutputTokens: 9_000 }))).toBe(1_512);
    expect(needed(asked(1_000, { numCtx: 8_192 }))).toBe(8_192);
    expect(needed(asked(1_000, { numCtx: 100 }))).toBe(1_512);
    expect(needed(embedding('m', { promptTokens: 90_000, contextTokens: 300 }))).toBe(300);
  });

  it('is never more than the model takes', () => {
    expect(required(asked(9_000), modelFacts('m', { trainedContext: 4_096 }))).toBe(4_096);
    expect(required(asked(9_000), modelFacts('m', { trainedContext: undefined }))).toBe(9_512);
  });
});

describe('a runner will do', () => {
  it('if its context is large enough, or unknown', () => {
    const at = (numCtx: number | undefined) => raises(runnerFacts('m', { numCtx }), asked(1), 4_096);
    expect([4_095, 4_096, 4_097, undefined].map(at)).toEqual([false, true, true, true]);
  });

  it('if its options are those of the call, or the call has none, or nobody knows them', () => {
    const at = (own: string | undefined, wished: string) =>
      raises(runnerFacts('m', { runnerOptions: own }), asked(1, { runnerOptions: wished }), 1);
    expect(at('{"num_gpu":1}', '{"num_gpu":1}')).toBe(true);
    expect(at('{"num_gpu":1}', '')).toBe(true);
    expect(at(undefined, '{"num_gpu":1}')).toBe(true);
    expect(at('', '{"num_gpu":1}')).toBe(false);
    expect(at('{"num_gpu":2}', '{"num_gpu":1}')).toBe(false);
  });
});

describe('a load is made', () => {
  const model = modelFacts('m', { trainedContext: 100_000 });
  const at = (promptTokens: number, largestSeen = 0, trained = model) =>
    loadContext(asked(promptTokens), trained, largestSeen, 4_096);

  it('with the usual context while that is enough, else with the next multiple of 1,024, and room to grow', () => {
    expect(at(100)).toEqual({ least: 4_096, wish: 4_096 });
    expect(at(3_584)).toEqual({ least: 4_096, wish: 4_096 });
    expect(at(3_585)).toEqual({ least: 5_120, wish: 8_192 });
    expect(at(10_000)).toEqual({ least: 11_264, wish: 16_384 });
  });

  it('with the largest that was seen, if that is more', () => {
    expect(at(100, 20_000)).toEqual({ least: 4_096, wish: 20_000 });
    expect(at(10_000, 12_000)).toEqual({ least: 11_264, wish: 16_384 });
    expect(loadContext(asked(100, { numCtx: 6_000 }), model, 20_000, 4_096)).toEqual({ least: 6_000, wish: 20_000 });
    expect(loadContext(asked(100, { numCtx: 6_000 }), model, 5_000, 4_096)).toEqual({ least: 6_000, wish: 6_000 });
  });

  it('with no more than the model takes', () => {
    const small = modelFacts('m', { trainedContext: 2_048 });
    expect(at(10_000, 20_000, small)).toEqual({ least: 2_048, wish: 2_048 });
    expect(loadContext(asked(100, { numCtx: 6_000 }), small, 20_000, 4_096)).toEqual({ least: 2_048, wish: 2_048 });
  });
});

describe('a model fits', () => {
  const guess = (leastBytes: number) => plainEstimates({ leastBytes: () => leastBytes });
  const fitsIn = (
    changes: Parameters<typeof nodeFacts>[1],
    bytes: number,
    leastBytes = bytes,
    model = modelFacts('m'),
  ) => fits(nodeFacts('a', changes), model, { numCtx: 4_096, slots: 1, bytes }, guess(leastBytes));

  it('into the memory of the GPU, and what the machine lends it', () => {
    expect(fitsIn({ memoryBytes: 8 * GB }, 8 * GB)).toBe(true);
    expect(fitsIn({ memoryBytes: 8 * GB }, 8 * GB + 1)).toBe(false);
    expect(fitsIn({ memoryBytes: 8 * GB, spillBytes: GB }, 9 * GB)).toBe(true);
    expect(fitsIn({ memoryBytes: 8 * GB, spillBytes: GB }, 9 * GB + 1)).toBe(false);
    expect(fitsIn({ memoryBytes: undefined }, 900 * GB)).toBe(true);
  });

  it('as long as its weights do, if the rest is only guessed', () => {
    expect(fitsIn({ memoryBytes: 4 * GB }, 5 * GB, 0)).toBe(true);
    expect(fitsIn({ memoryBytes: 3.9 * GB }, 5 * GB, 0)).toBe(false);
    expect(fitsIn({ memoryBytes: GB }, 5 * GB, 0, modelFacts('m', { sizeBytes: undefined }))).toBe(true);
    const footprint = { numCtx: 4_096, slots: 1, bytes: 5 * GB };
    expect(fits(nodeFacts('a', { memoryBytes: 4 * GB }), modelFacts('m'), footprint, plainEstimates())).toBe(false);
  });

  it('as far as is known: not where so much was shown to be too little', () => {
    expect(fitsIn({ memoryBytes: 8 * GB, spillBytes: GB }, 12 * GB, 9 * GB)).toBe(true);
    expect(fitsIn({ memoryBytes: 8 * GB, spillBytes: GB }, 12 * GB, 9 * GB + 1)).toBe(false);
  });
});
