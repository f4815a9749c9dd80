import { applied } from './applied.ts';
import { createChoices, mostToldOf, type Choices } from './choices.ts';
import { askFor, mayDrain, regretPart, type Weighing } from './cost.ts';
import type { Demand } from './demand.ts';
import { obstacle, type Obstacle, type Terms } from './eligible.ts';
import type { Estimates } from './estimates.ts';
import { createDraft } from './draft.ts';
import { fleetOf } from './fleet.ts';
import type { NodeFacts } from './node-facts.ts';
import type { Option } from './option.ts';
import type { PlanParameters } from './parameters.ts';
import type { Policy } from './policy.ts';

/** The moment that a pass looks at. */
export interface Scene {
  readonly now: number;
  readonly nodes: readonly NodeFacts[];
  readonly estimates: Estimates;
  readonly parameters: PlanParameters;
  allows(node: string, model: string): boolean;
  /** What the call's route asks of a node; absent: nothing of any. */
  requires?(demand: Demand): readonly string[];
  /** Why its route keeps a call from a node; absent, or undefined: it does not. */
  bars?(demand: Demand, node: string): string | undefined;
}

/** What calls may do, as others of the same pass leave it. */
export interface Pass {
  choices(demand: Demand, excluded: ReadonlySet<string>, shown?: Policy['shown']): Choices;
  /** Why nodes are not among the call's options; of the first ones. */
  exclusions(demand: Demand, excluded: ReadonlySet<string>, options: readonly Option[]): Obstacle[];
  /** Why no node can run the call: a word on each. Undefined: one can. */
  obstacles(demand: Demand, excluded: ReadonlySet<string>): Obstacle[] | undefined;
  /** The option is taken, or kept for later: those who follow see the node so. */
  take(demand: Demand, option: Option, starts: boolean): void;
  /** Whether the node can be told to load a model for the option, as soon as those that must leave are idle. */
  mayDrain(demand: Demand, option: Option): boolean;
  facts(node: string): NodeFacts;
}

const nothing: readonly string[] = [];

/** `waiting`: calls that wait, by model. */
export function createPass(scene: Scene, waiting: ReadonlyMap<string, number>): Pass {
  const { now, estimates, parameters } = scene;
  const fleet = fleetOf(scene.nodes, now, estimates, parameters);
  const draft = createDraft(fleet);
  const taken: { readonly demand: Demand; readonly option: Option; readonly starts: boolean }[] = [];
  const regretParts = new Map<string, number>();

  const weighing: Weighing = {
    now,
    estimates,
    parameters,
    waiting: (model) => waiting.get(model) ?? 0,
    regretPart(model) {
      const known = regretParts.get(model);
      if (known !== undefined) return known;
      const copies = Math.max(1, fleet.holders(model).length);
      const rate = estimates.arrivalRate(model, now);
      const part = regretPart(waiting.get(model) ?? 0, copies, rate, parameters.horizonMs);
      regretParts.set(model, part);
      return part;
    },
  };

  /** What was taken is only worked out once somebody looks again: after the last call, nobody does. */
  const settle = (): void => {
    for (const { demand, option, starts } of taken) {
      const index = fleet.indexOf(option.node)!;
      draft.change(index, applied(draft.outlook(index), option, demand, estimates, now, starts));
    }
    taken.length = 0;
  };

  const termsOf = (demand: Demand, excluded: ReadonlySet<string>): Terms => ({
    excluded,
    requires: scene.requires?.(demand) ?? nothing,
    ...(scene.bars && { bars: (node: string) => scene.bars!(demand, node) }),
    estimates,
    parameters,
    allows: scene.allows,
  });

  const obstacleAt = (index: number, demand: Demand, terms: Terms): Obstacle | undefined =>
    obstacle(fleet.nodes[index]!, demand, terms, fleet.modelOn(index, demand));

  return {
    choices(demand, excluded, shown) {
      settle();
      return createChoices(fleet, draft, askFor(demand, weighing), termsOf(demand, excluded), weighing, shown);
    },
    exclusions(demand, excluded, options) {
      const terms = termsOf(demand, excluded);
      const most = mostToldOf(fleet);
      const found: Obstacle[] = [];
      if (options.length === fleet.nodes.length) return found;
      for (let index = 0; index < fleet.nodes.length && index < most; index += 1) {
        if (options.some(({ node }) => node === fleet.nodes[index]!.name)) continue;
        const obstructed = obstacleAt(index, demand, terms);
        if (obstructed) found.push(obstructed);
      }
      return found;
    },
    obstacles(demand, excluded) {
      const terms = termsOf(demand, excluded);
      const found: Obstacle[] = [];
      for (const index of fleet.everyone) {
        const obstructed = obstacleAt(index, demand, terms);
        if (!obstructed) return undefined;
        found.push(obstructed);
      }
      return found;
    },
    take(demand, option, starts) {
      taken.push({ demand, option, starts });
    },
    mayDrain(demand, { kind, node, model = demand.model }) {
      return kind === 'load' && mayDrain(draft.outlook(fleet.indexOf(node)!), model, parameters);
    },
    facts: (node) => fleet.nodes[fleet.indexOf(node)!]!,
  };
}
