import { expect, it } from 'vitest';
import { workOf } from './work.ts';

it.each([
  ['an answer', { sizeBytes: 2e9, outputTokens: 100, promptTokens: 0, cachedTokens: 0 }, 200],
  ['of a model twenty times as large', { sizeBytes: 40e9, outputTokens: 100, promptTokens: 0, cachedTokens: 0 }, 4_000],
  ['and its prompt', { sizeBytes: 2e9, outputTokens: 100, promptTokens: 400, cachedTokens: 0 }, 240],
  ['less what is cached', { sizeBytes: 2e9, outputTokens: 100, promptTokens: 400, cachedTokens: 300 }, 210],
  ['more cached than asked', { sizeBytes: 2e9, outputTokens: 100, promptTokens: 10, cachedTokens: 300 }, 200],
  ['a model of unknown size', { sizeBytes: undefined, outputTokens: 100, promptTokens: 0, cachedTokens: 0 }, 400],
  ['no prompt and no answer', { sizeBytes: 2e9, outputTokens: 0, promptTokens: 0, cachedTokens: 0 }, 2],
])('%s', (_, facts, work) => {
  expect(workOf(facts)).toBe(work);
});
