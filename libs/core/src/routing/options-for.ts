import type { Demand } from './demand.ts';
import type { Obstacle } from './eligible.ts';
import type { Option } from './option.ts';
import { createPass, type Scene } from './pass.ts';

export interface OptionsInput extends Scene {
  readonly demand: Demand;
  /** Nodes that have failed the call. */
  readonly excluded?: ReadonlySet<string>;
  /** Calls that wait, by model. */
  readonly waiting?: ReadonlyMap<string, number>;
}

/** Why no node can run the call, busy or not: a word on each. Undefined: one can. */
export function obstaclesFor({ demand, excluded = new Set(), ...scene }: OptionsInput): Obstacle[] | undefined {
  return createPass(scene, new Map()).obstacles(demand, excluded);
}

/** What a call could do now, as if nobody waited in front of it; the cheapest first. Nothing is taken. */
export function optionsFor({ demand, excluded = new Set(), waiting = new Map(), ...scene }: OptionsInput): {
  options: Option[];
  exclusions: Obstacle[];
} {
  const pass = createPass(scene, waiting);
  const options = pass
    .choices(demand, excluded)
    .options.toSorted((a, b) => a.totalMs - b.totalMs || (a.node < b.node ? -1 : 1));
  return { options, exclusions: pass.exclusions(demand, excluded, options) };
}
