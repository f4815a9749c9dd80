import { createLimitedMap } from './limited-map.ts';

/** How often models are asked for, lately. */
export interface Rates {
  arrived(model: string, now: number): void;
  /** Calls a millisecond. */
  rate(model: string, now: number): number;
}

interface Rate {
  readonly value: number;
  readonly at: number;
}

/** What is so old counts for a third. */
const memoryMs = 90_000;

const mostModels = 2_000;

export function createRates(): Rates {
  const rates = createLimitedMap<Rate>(mostModels);
  const rate = (model: string, now: number): number => {
    const known = rates.get(model);
    return known ? known.value * Math.exp(-Math.max(0, now - known.at) / memoryMs) : 0;
  };
  return {
    rate,
    arrived(model, now) {
      rates.set(model, { value: rate(model, now) + 1 / memoryMs, at: now });
    },
  };
}
