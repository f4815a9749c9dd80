import type { Ask } from './cost.ts';
import { createFloorTable } from './floor-table.ts';
import type { Seats } from './outlook.ts';
import type { PlanParameters } from './parameters.ts';

/** What calls of a model cost on each node at the very least: most nodes need no closer look. */
export interface Floors {
  /** Milliseconds by node, Infinity where the model is not; good until it is asked again. `tokens`: context that is needed. */
  least(ask: Ask, tokens: number, now: number, drafted?: Drafted): Float64Array;
}

/** Nodes that are to be looked at as a pass would leave them. */
export interface Drafted {
  readonly indexes: readonly number[];
  readonly seats: Seats;
}

/** `seats`: of the model, on nodes of these indexes. */
export function createFloors(indexes: readonly number[], seats: Seats, parameters: PlanParameters): Floors {
  const floors = new Float64Array(indexes.length);
  const settled = createFloorTable(indexes.length, parameters);
  const passing = createFloorTable(indexes.length, parameters);
  return {
    least(ask, tokens, now, drafted) {
      settled.write(floors, indexes, seats, ask, tokens, now);
      if (drafted) passing.write(floors, drafted.indexes, drafted.seats, ask, tokens, now);
      return floors;
    },
  };
}
