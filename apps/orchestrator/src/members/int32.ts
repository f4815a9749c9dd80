/** An agent may report anything: what does not fit its field becomes the largest that does. */
export function int32(value: number): number;
export function int32(value: number | undefined): number | undefined;
export function int32(value: number | undefined): number | undefined {
  return value === undefined ? undefined : Math.min(value, 2 ** 31 - 1);
}
