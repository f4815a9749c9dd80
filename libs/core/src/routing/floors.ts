import type { Ask } from './cost.ts';
import { createFloorTable } from './floor-table.ts';
import type { Seats } from './outlook.ts';
import type { PlanParameters } from './parameters.ts';

/** What calls of a model cost on each node at the very least: most nodes need no closer look. */
export interface Floors {
  /** `tokens`: context that is needed. Good until it is asked again. */
  least(ask: Ask, tokens: number, now: number, drafted?: Drafted): Lowest;
}

/** The least that one call costs; nodes without the model in memory are left out for as long as they cannot matter. */
export interface Lowest {
  /** Milliseconds by node; Infinity where the model is not, and where nobody has looked. */
  readonly values: Float64Array;
  /** The nodes that were looked at, in order. */
  readonly indexes: readonly number[];
  /** Looks at all others, if one of them may cost so little. Whether it did. */
  include(limit: number): boolean;
}

/** Nodes that are to be looked at as a pass would leave them. */
export interface Drafted {
  readonly indexes: readonly number[];
  readonly seats: Seats;
}

/** `seats`: of the model, on nodes of these indexes. */
export function createFloors(everyone: readonly number[], seats: Seats, parameters: PlanParameters): Floors {
  const values = new Float64Array(everyone.length);
  const settled = createFloorTable(everyone.length, parameters);
  const passing = createFloorTable(everyone.length, parameters);

  const lookAt = (indexes: readonly number[], ask: Ask, tokens: number, now: number): void =>
    settled.write(values, indexes, ask, tokens, now);

  return {
    least(ask, tokens, now, drafted) {
      settled.refresh(everyone, seats, now);
      if (drafted) {
        lookAt(everyone, ask, tokens, now);
        passing.refresh(drafted.indexes, drafted.seats, now);
        passing.write(values, drafted.indexes, ask, tokens, now);
        return { values, indexes: everyone, include: () => false };
      }
      const { holders } = settled;
      const othersFrom = settled.othersFrom(ask);
      values.fill(Number.POSITIVE_INFINITY);
      lookAt(holders, ask, tokens, now);
      let indexes = holders;
      return {
        values,
        get indexes() {
          return indexes;
        },
        include(limit) {
          if (indexes === everyone || othersFrom > limit) return false;
          lookAt(everyone, ask, tokens, now);
          indexes = everyone;
          return true;
        },
      };
    },
  };
}
