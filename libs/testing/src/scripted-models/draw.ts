import { hash } from 'node:crypto';

/** A number in [0, 1) that hangs on nothing but the seed and the words: not on how many were drawn before. */
export type Draw = (...words: readonly (string | number)[]) => number;

export function createDraw(seed: number): Draw {
  return (...words) => hash('md5', [seed, ...words].join('\n'), 'buffer').readUIntBE(0, 6) / 2 ** 48;
}
