/** The vector at length 1; a vector of zeros has no direction and stays. */
export function normalised(vector: readonly number[]): number[] {
  const length = Math.hypot(...vector);
  return length === 0 ? [...vector] : vector.map((value) => value / length);
}
