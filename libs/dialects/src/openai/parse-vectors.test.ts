import { expect, it } from 'vitest';
import { parseVectors } from './parse-vectors.ts';

const answer = JSON.stringify({ data: [{ index: 0, embedding: [3, 4, 12] }], usage: { prompt_tokens: 2 } });

it.each([
  [2, [0.6, 0.8]],
  [3, [3, 4, 12]],
  [9, [3, 4, 12]],
  [undefined, [3, 4, 12]],
])('a vector of 3 is, where %s numbers were asked for, %j', (dimensions, values) => {
  const [piece] = parseVectors(answer, { inputs: 1, promptTokens: 1, dimensions });
  expect(piece).toMatchObject({ kind: { case: 'delta', value: { embeddings: [{ index: 0, values }] } } });
});
