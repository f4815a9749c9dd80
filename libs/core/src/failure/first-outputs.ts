import { createLimitedMap } from '../routing/limited-map.ts';

/** How long the first outputs of models took of late, in milliseconds from when a node was chosen. */
export interface FirstOutputs {
  observe(model: string, ms: number): void;
  /** What 19 of 20 such calls stay under; 0: too few are known. */
  usualMs(model: string): number;
}

const mostModels = 1_000;
const remembered = 100;
/** Of fewer, one of 20 says nothing. */
const fewest = 20;

export function createFirstOutputs(): FirstOutputs {
  const known = createLimitedMap<number[]>(mostModels);
  return {
    observe(model, ms) {
      const times = known.get(model) ?? [];
      times.push(ms);
      if (times.length > remembered) times.shift();
      known.set(model, times);
    },
    usualMs(model) {
      const times = known.get(model) ?? [];
      if (times.length < fewest) return 0;
      return times.toSorted((a, b) => a - b)[Math.ceil(times.length * 0.95) - 1]!;
    },
  };
}
