import type { Demand } from './demand.ts';
import type { Estimates } from './estimates.ts';
import type { ModelFacts, NodeFacts, RunnerFacts } from './node-facts.ts';

/** Room for an answer whose length nobody limits, in tokens. */
const reserveTokens = 512;

/** Context lengths are rounded up to a multiple of this, so that a few tokens more cause no reload. */
const stepTokens = 1_024;

/** Context length that the call needs, in tokens: what it asks for, and never less than its prompt and some answer. */
export function needed(demand: Demand): number {
  const { contextTokens = demand.promptTokens, maxOutputTokens, numCtx = 0 } = demand;
  return Math.max(numCtx, contextTokens + Math.min(maxOutputTokens, reserveTokens));
}

/** As `needed`, but no more than the model can take: backends cut the wish as well. */
export function required(demand: Demand, { trainedContext = Number.POSITIVE_INFINITY }: ModelFacts): number {
  return Math.min(needed(demand), trainedContext);
}

/** Whether the call can run on the runner as it is: with a context that is raised to the runner's. */
export function raises({ numCtx, runnerOptions }: RunnerFacts, demand: Demand, tokens: number): boolean {
  // A call that names no options takes whatever the runner has.
  const isPicky = demand.runnerOptions !== '' && runnerOptions !== undefined;
  if (isPicky && runnerOptions !== demand.runnerOptions) return false;
  return numCtx === undefined || numCtx >= tokens;
}

/** Context lengths to load with. */
export interface LoadContext {
  /** Fewest that will do. */
  readonly least: number;
  /** What would spare later calls a reload; worth memory that is free, and no eviction. */
  readonly wish: number;
}

export function loadContext(
  demand: Demand,
  model: ModelFacts,
  largestSeen: number,
  defaultContext: number,
): LoadContext {
  const { trainedContext = Number.POSITIVE_INFINITY } = model;
  const tokens = required(demand, model);
  if (demand.numCtx !== undefined)
    return { least: tokens, wish: Math.min(trainedContext, Math.max(tokens, largestSeen)) };
  const rounded = Math.ceil(Math.max(tokens, defaultContext) / stepTokens) * stepTokens;
  // Conversations grow: twice the room is used up more slowly than a bit more at a time.
  const doubled = rounded > defaultContext ? 2 ** Math.ceil(Math.log2(rounded)) : rounded;
  return { least: Math.min(trainedContext, rounded), wish: Math.min(trainedContext, Math.max(doubled, largestSeen)) };
}

/** A runner as it would be, and the memory that it is expected to take. */
export interface Footprint {
  readonly numCtx: number;
  readonly slots: number;
  readonly bytes: number;
}

/** Whether the model can be brought into the node's memory so. A mere guess makes none impossible. */
export function fits(node: NodeFacts, model: ModelFacts, footprint: Footprint, estimates: Estimates): boolean {
  const room = roomOf(node);
  if (footprint.bytes <= room) return true;
  if (!estimates.leastBytes || (model.sizeBytes ?? 0) > node.memoryBytes!) return false;
  return estimates.leastBytes(node, model, footprint.numCtx, footprint.slots) <= room;
}

/** Memory that a single model may take; Infinity: unknown. */
export function roomOf({ memoryBytes = Number.POSITIVE_INFINITY, spillBytes = 0 }: NodeFacts): number {
  return memoryBytes + spillBytes;
}
