/** A positive figure that is learnt from samples, on the scale of its logarithm: half counts as far as twice. */
export interface Estimate {
  readonly value: number;
  /** Samples so far. */
  readonly samples: number;
}

/** Weight of a new sample once there are many. */
const newest = 0.2;

/** After a few samples none moves the estimate as if it were further off than this factor. */
const farthest = 4;
const trusted = 3;

/** The estimate after one more sample. A sample that is no positive number changes nothing. */
export function learn(before: Estimate | undefined, sample: number): Estimate | undefined {
  if (!(sample > 0) || !Number.isFinite(sample)) return before;
  if (!before) return { value: sample, samples: 1 };
  const { value, samples } = before;
  const limit = samples < trusted ? Number.POSITIVE_INFINITY : Math.log(farthest);
  const step = Math.max(-limit, Math.min(limit, Math.log(sample / value)));
  return { value: value * Math.exp(step * Math.max(newest, 1 / (samples + 1))), samples: samples + 1 };
}

/** An estimate as it was kept, if it is one. */
export function estimateFrom(kept: unknown): Estimate | undefined {
  if (!Array.isArray(kept)) return undefined;
  const [value, samples] = kept as unknown[];
  const isOne = isPositive(value) && isPositive(samples);
  return isOne ? { value, samples: Math.floor(samples) } : undefined;
}

function isPositive(value: unknown): value is number {
  return typeof value === 'number' && value > 0 && Number.isFinite(value);
}
