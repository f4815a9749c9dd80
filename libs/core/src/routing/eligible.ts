import { Privacy } from '../generate.ts';
import { fits, loadContext, raises, required, type Footprint } from './context.ts';
import type { Demand } from './demand.ts';
import type { Estimates } from './estimates.ts';
import { gigabytes, thousands } from './figures.ts';
import type { ModelFacts, NodeFacts } from './node-facts.ts';
import type { Exclusion } from './option.ts';
import type { PlanParameters } from './parameters.ts';

/** What can stand between a call and a node, in the order in which it is looked for. */
export type ObstacleKind =
  | 'node'
  | 'tier'
  | 'privacy'
  | 'requires'
  | 'route'
  | 'failed'
  | 'no-model'
  | 'digest'
  | 'capability'
  | 'context'
  | 'memory'
  | 'not-ready'
  | 'breaker'
  | 'problem';

/** A node that a call cannot run on. */
export interface Obstacle extends Exclusion {
  readonly kind: ObstacleKind;
}

/** What holds for the call beside what it asks for itself. */
export interface Terms {
  /** Nodes that have failed it. */
  readonly excluded: ReadonlySet<string>;
  /** What its route asks of a node. */
  readonly requires: readonly string[];
  /** Why its route keeps it from the node; absent, or undefined: it does not. */
  bars?(node: string): string | undefined;
  readonly estimates: Estimates;
  readonly parameters: PlanParameters;
  /** Whether the breakers let a call through. */
  allows(node: string, model: string): boolean;
}

/** Why the node cannot run the call, busy or not; undefined: it can. `model`: the call's model as the node has it. */
export function obstacle(
  node: NodeFacts,
  demand: Demand,
  terms: Terms,
  model: ModelFacts | undefined = node.models.get(demand.model),
): Obstacle | undefined {
  const kind =
    barred(node, demand, terms) ??
    unfit(model, demand, terms) ??
    tooSmall(node, model!, demand, terms) ??
    unwell(node, model!, demand, terms);
  return kind && { node: node.name, kind, reason: sentence(kind, node, demand, terms, model) };
}

/** As `obstacle`, without its words and without a look at what is in memory. */
export function isOpen(
  node: NodeFacts,
  model: ModelFacts | undefined,
  demand: Demand,
  terms: Terms,
): model is ModelFacts {
  return (
    node.ready && !barred(node, demand, terms) && !unfit(model, demand, terms) && terms.allows(node.name, demand.model)
  );
}

function barred(
  { name, attributes, sameMachine }: NodeFacts,
  { node, tier, privacy }: Demand,
  { requires, excluded, bars }: Terms,
): ObstacleKind | undefined {
  if (node !== undefined && node !== name) return 'node';
  if (tier !== undefined && tier !== attributes.tier) return 'tier';
  if (privacy !== Privacy.ANY && attributes.trust === 'cloud') return 'privacy';
  if (privacy === Privacy.LOCAL && !sameMachine) return 'privacy';
  if (requires.some((word) => !hasWord(attributes, word))) return 'requires';
  if (bars?.(name) !== undefined) return 'route';
  return excluded.has(name) ? 'failed' : undefined;
}

function unfit(model: ModelFacts | undefined, demand: Demand, { parameters }: Terms): ObstacleKind | undefined {
  if (!model) return 'no-model';
  if (model.cloud && demand.privacy !== Privacy.ANY) return 'privacy';
  const { digest, capabilities, contextTokens = demand.promptTokens } = demand;
  if (digest !== undefined && model.digest !== '' && model.digest !== digest) return 'digest';
  if (capabilities.some((capability) => !canDo(model, capability))) return 'capability';
  const { trainedContext } = model;
  return trainedContext !== undefined && contextTokens > trainedContext * parameters.contextSlack
    ? 'context'
    : undefined;
}

/** Only a model that is not there in a shape that will do must fit anew. */
function tooSmall(node: NodeFacts, model: ModelFacts, demand: Demand, terms: Terms): ObstacleKind | undefined {
  if (node.memoryBytes === undefined) return undefined;
  const tokens = required(demand, model);
  if (node.runners.some((runner) => runner.model === model.name && raises(runner, demand, tokens))) return undefined;
  return fits(node, model, footprintOf(node, model, demand, terms), terms.estimates) ? undefined : 'memory';
}

function unwell(node: NodeFacts, { name }: ModelFacts, { model }: Demand, { allows }: Terms): ObstacleKind | undefined {
  if (!node.ready) return 'not-ready';
  if (!allows(node.name, model)) return 'breaker';
  return problemOf(node, name) === '' ? undefined : 'problem';
}

function sentence(
  kind: ObstacleKind,
  node: NodeFacts,
  demand: Demand,
  terms: Terms,
  model: ModelFacts | undefined,
): string {
  const { attributes } = node;
  switch (kind) {
    case 'node':
      return `the call asks for node "${demand.node}"`;
    case 'tier':
      return `the call asks for tier ${demand.tier}; this node ${attributes.tier === undefined ? 'has no tier' : `is in tier ${attributes.tier}`}`;
    case 'privacy':
      return demand.privacy === Privacy.LOCAL
        ? "the call may not leave the orchestrator's machine"
        : 'the call may not go to a cloud account';
    case 'route':
      return terms.bars!(node.name)!;
    case 'requires':
      return `its route requires ${lacking(node, terms)}, which the node does not have`;
    case 'failed':
      return 'it has failed this call already';
    case 'no-model':
      return `it does not have "${demand.model}"`;
    case 'digest':
      return `its "${demand.model}" is not the version that was asked for`;
    case 'capability':
      return `"${demand.model}" does not support ${demand.capabilities.filter((one) => !canDo(model!, one)).join(', ')}`;
    case 'context':
      return `the prompt has about ${thousands(demand.contextTokens ?? demand.promptTokens)} tokens; "${demand.model}" takes ${thousands(model!.trainedContext!)}`;
    case 'memory':
      return tooSmallSentence(node, model!, demand, terms);
    case 'not-ready':
      return 'it takes no calls now';
    case 'breaker':
      return `calls of "${demand.model}" have failed there; one is let through later, to try it`;
    case 'problem':
      return `its "${demand.model}" shows no sign of life: ${problemOf(node, model!.name)}`;
  }
}

function tooSmallSentence(node: NodeFacts, model: ModelFacts, demand: Demand, terms: Terms): string {
  const { numCtx, bytes } = footprintOf(node, model, demand, terms);
  return `"${demand.model}" with ${thousands(numCtx)} tokens of context needs about ${gigabytes(bytes)}; the node has ${gigabytes(node.memoryBytes!)} for models`;
}

function footprintOf(node: NodeFacts, model: ModelFacts, demand: Demand, { estimates, parameters }: Terms): Footprint {
  const numCtx = loadContext(demand, model, 0, parameters.defaultContext).least;
  const slots = demand.kind === 'embed' ? 1 : Math.max(1, node.slotsPerRunner);
  return { numCtx, slots, bytes: estimates.runnerBytes(node, model, numCtx, slots) };
}

/** A model that says nothing is given the benefit of the doubt; one that completes can embed. */
function canDo({ capabilities }: ModelFacts, capability: string): boolean {
  if (capabilities.length === 0 || capabilities.includes(capability)) return true;
  return capability === 'embedding' && capabilities.includes('completion');
}

function problemOf({ runners }: NodeFacts, model: string): string {
  return runners.find((runner) => runner.model === model)?.problem ?? '';
}

function lacking({ attributes }: NodeFacts, { requires }: Terms): string {
  return requires
    .filter((word) => !hasWord(attributes, word))
    .map((word) => `"${word}"`)
    .join(', ');
}

/** Labels are named by their name, or by "name=value". */
function hasWord({ type, platform, capabilities = [], labels = {} }: NodeFacts['attributes'], word: string): boolean {
  if (word === type || word === platform || capabilities.includes(word) || Object.hasOwn(labels, word)) return true;
  const equals = word.indexOf('=');
  return equals > 0 && labels[word.slice(0, equals)] === word.slice(equals + 1);
}
