import { createHash } from 'node:crypto';
import { seededRandom } from '@tutti/simulation';

/** A unit vector that depends on the text alone. Cut to `dimensions`, it is made a unit vector again. */
export function unitVector(text: string, length: number, dimensions: number): number[] {
  const random = seededRandom(createHash('sha256').update(text).digest().readUInt32LE());
  const all = Array.from({ length }, () => random() - 0.5);
  const vector = dimensions > 0 ? all.slice(0, dimensions) : all;
  const norm = Math.hypot(...vector);
  return vector.map((value) => Number((value / norm).toPrecision(8)));
}
