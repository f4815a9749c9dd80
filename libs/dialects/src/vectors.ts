import { delta, type Chunk } from '@tutti/core';

/** Most numbers in one delta of vectors, so that none grows past a message's limit. */
const deltaValues = 16_384;

/** A vector as deltas. */
export function vectorPieces(index: number, vector: readonly number[]): Chunk[] {
  const pieces: Chunk[] = [];
  for (let start = 0; start === 0 || start < vector.length; start += deltaValues) {
    pieces.push(delta({ embeddings: [{ index, values: vector.slice(start, start + deltaValues) }] }));
  }
  return pieces;
}

export function isVector(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((number) => typeof number === 'number');
}
