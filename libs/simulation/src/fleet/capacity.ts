import type { MachineModel } from '../machine-profile.ts';
import { canRun, type Fleet, type FleetNode } from './fleet.ts';

/**
 * How much of the fleet some calls need: 1 is what the machines could decode if all slots were always busy, no model
 * ever had to be loaded, and each group of models had all the machines that hold it to itself. Of all groups it counts
 * the one that is shortest of machines: those that no small machine can run, for most mixes.
 */
export interface Utilisation {
  add(model: MachineModel, tokens: Tokens): void;
  readonly value: number;
}

interface Tokens {
  readonly promptTokens: number;
  readonly outputTokens: number;
}

/**
 * Part of that ideal at which load is 1.0: there a good policy gives 95 % of the calls their first token within about a
 * minute (`npm run bench:fleet -- --load 1 --policies tutti` shows it). Models do not all fit into memory, so that the
 * better part of a small fleet's time goes into loads and half-empty batches; a large one comes closer to the ideal.
 * These are constants, so that a better policy moves its own figures and not the scale.
 */
const shareOfIdeal: Readonly<Record<string, number>> = { n3: 0.34, n8: 0.43 };
const shareOfLargeFleets = 0.8;

/** Reading a prompt token takes that part of the time of an output token, on a usual machine. */
const promptTokenCost = 1 / 15;

export function utilisation(fleet: Fleet, durationMs: number): Utilisation {
  const groups = fleet.models.map((model) => {
    const holders = fleet.nodes.filter((node) => canRun(node, model));
    return { holders: new Set(holders), bytesPerMs: sum(holders.map(fullSpeed)) };
  });
  const bytes = fleet.models.map(() => 0);
  // A model belongs to the groups whose machines include all of its own.
  const groupsOf = fleet.models.map((_, index) =>
    groups.flatMap(({ holders }, group) => (groups[index]!.holders.isSubsetOf(holders) ? [group] : [])),
  );
  return {
    add(model, { promptTokens, outputTokens }) {
      const work = model.sizeBytes * (outputTokens + promptTokens * promptTokenCost);
      for (const group of groupsOf[fleet.models.indexOf(model)]!) bytes[group]! += work;
    },
    get value() {
      return Math.max(...groups.map(({ bytesPerMs }, group) => bytes[group]! / (bytesPerMs * durationMs)));
    },
  };
}

/** The utilisation that `load` stands for; 1.0 is about what a good scheduler can keep up with. */
export function targetUtilisation({ name }: Fleet, load: number): number {
  return load * (shareOfIdeal[name] ?? shareOfLargeFleets);
}

/** Bytes of models that all streams of one runner read together in a millisecond. */
function fullSpeed({ profile: { parallel, slowBySame }, bytesPerMs }: FleetNode): number {
  return (bytesPerMs * parallel) / (1 + slowBySame * (parallel - 1));
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
