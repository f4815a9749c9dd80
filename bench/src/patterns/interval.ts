/** Of a share or a difference, with the range that it is in with 95 %. */
export interface Estimated {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

const z = 1.96;

/** Of a share (Wilson). */
export function shareOf(hits: readonly boolean[]): Estimated {
  const n = hits.length;
  const value = hits.filter(Boolean).length / n;
  const middle = (value + z ** 2 / (2 * n)) / (1 + z ** 2 / n);
  const half = (z / (1 + z ** 2 / n)) * Math.sqrt((value * (1 - value)) / n + z ** 2 / (4 * n ** 2));
  return { value, low: middle - half, high: middle + half };
}

/** Of the difference of two shares, over the same questions. */
export function gainOf(hits: readonly boolean[], others: readonly boolean[]): Estimated {
  const n = hits.length;
  const won = hits.filter((hit, index) => hit && !others[index]).length / n;
  const lost = hits.filter((hit, index) => !hit && others[index]).length / n;
  const value = won - lost;
  const half = z * Math.sqrt(Math.max(won + lost - value ** 2, 1 / n) / n);
  return { value, low: value - half, high: value + half };
}
