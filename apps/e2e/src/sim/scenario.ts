import type { NodeAttributes, Random } from '@tutti/core';
import type { Route } from '@tutti/core/cluster';
import { seededRandom, type MachineModel, type MachineProfile } from '@tutti/simulation';
import { chance, integer, pick } from './draws.ts';
import { planCalls, withSureProbes, type PlannedCall } from './planned-calls.ts';
import { planFaults, type Fault } from './planned-faults.ts';

/** A world that follows from its seed alone. */
export interface Scenario {
  readonly seed: number;
  readonly models: readonly MachineModel[];
  readonly nodes: readonly PlannedNode[];
  readonly calls: readonly PlannedCall[];
  readonly faults: readonly Fault[];
  /** No fault lasts longer. */
  readonly faultsMs: number;
  readonly calmMs: number;
  readonly concurrency: number;
  readonly queueSize: number;
  readonly hedge: boolean;
}

export interface PlannedNode {
  readonly name: string;
  readonly profile: MachineProfile;
  readonly models: readonly MachineModel[];
  readonly attributes: NodeAttributes;
  readonly sameMachine: boolean;
  /** One way, at least. */
  readonly delayMs: number;
}

const gigabyte = 1e9;

export function scenarioFor(seed: number): Scenario {
  const random = seededRandom(seed);
  const count = nodeCount(seed, random);
  const isHuge = count >= 1_000;
  const faultsMs = isHuge ? 60_000 : 300_000;
  const models = Array.from({ length: integer(random, 3, 8) }, (_, index) => plannedModel(random, index));
  const nodes = Array.from({ length: count }, (_, index) => plannedNode(random, index, models));
  const world = { random, nodes: nodes.map(({ name }) => name), models, faultsMs };
  const scenario = {
    ...{ seed, models, nodes, faultsMs },
    calls: planCalls({ ...world, count: isHuge ? 60 : integer(random, 40, 200) }),
    faults: planFaults(world),
    calmMs: 120_000,
    concurrency: chance(random, 0.2) ? integer(random, 2, 12) : Infinity,
    queueSize: chance(random, 0.2) ? integer(random, 3, 30) : Infinity,
    hedge: chance(random, 0.5),
  };
  return { ...scenario, calls: withSureProbes(scenario.calls, scenario.queueSize) };
}

/** Rules that an operator may set, the last ones last. */
export function plannedRoutes(random: Random, nodes: readonly string[]): readonly Route[] {
  const policy = pick(random, ['cost', 'weighted', 'round-robin', 'least-busy', 'tier', 'primary-fallback'] as const);
  const route: Route = {
    match: pick(random, ['*', 'chat', 'embed', 'm0*']),
    policy,
    ...(policy === 'weighted' && { weights: Object.fromEntries(nodes.map((name) => [name, integer(random, 0, 4)])) }),
    ...(policy === 'primary-fallback' && { primary: pick(random, nodes) }),
    ...(policy === 'cost' && chance(random, 0.5) && { temperature: random(), slowStartMs: 20_000 }),
  };
  return [route];
}

function nodeCount(seed: number, random: Random): number {
  if (seed % 1_000 === 999) return 1_000;
  return seed % 50 === 49 ? 100 : integer(random, 3, 12);
}

function plannedModel(random: Random, index: number): MachineModel {
  const embedding = index === 2 || chance(random, 0.15);
  return {
    name: `m${index}${embedding ? '-embed' : ''}:latest`,
    sizeBytes: integer(random, 1, embedding ? 2 : 8) * gigabyte,
    bytesPerToken: integer(random, 10, 120) * 1_000,
    trainedContext: pick(random, [8_192, 16_384, 32_768]),
    embedding,
  };
}

function plannedNode(random: Random, index: number, models: readonly MachineModel[]): PlannedNode {
  const decode = 6 + 30 * random();
  const name = `n${index}`;
  const profile: MachineProfile = {
    name,
    // The first has room for each model, however much is thought to be needed.
    memoryBytes: integer(random, index === 0 ? 24 : 10, 40) * gigabyte,
    parallel: integer(random, 1, 4),
    maxRunners: integer(random, 1, 4),
    maxQueue: chance(random, 0.1) ? 1 : 512,
    defaultNumCtx: 4_096,
    keepAliveMs: chance(random, 0.3) ? 20_000 : 86_400_000,
    decodeSpeed: () => decode,
    prefillSpeed: () => decode * 30,
    loadMs: ({ sizeBytes }) => 300 + (sizeBytes / gigabyte) * 800,
    slowBySame: 0.2,
    slowByOthers: 0.9,
  };
  // The last model is on one node alone.
  const has = (_: MachineModel, rank: number): boolean =>
    rank === models.length - 1 ? index === 0 : rank === 0 || index === 0 || chance(random, 0.7);
  return {
    ...{ name, profile },
    models: models.filter(has),
    attributes: { tier: integer(random, 1, 3), trust: chance(random, 0.2) && index > 1 ? 'cloud' : 'cluster' },
    sameMachine: index === 0,
    delayMs: chance(random, 0.2) ? 40 * random() : random(),
  };
}
