import type { Random } from '@tutti/core';
import type { FleetCall, MachineModel } from '@tutti/simulation';
import { chance, integer, pick } from './draws.ts';
import type { Asked } from './history.ts';

/** What a client will do. */
export interface PlannedCall extends Asked {
  /** What the machines make of it. */
  readonly work: FleetCall;
  readonly tenant: string;
  readonly priority: 'admin' | 'interactive' | 'default' | 'batch';
  readonly tier: number | undefined;
  /** Kills whatever runs it: the model's process, or the whole machine. */
  readonly poison: 'none' | 'runner' | 'node';
  readonly leaves: Leaving | undefined;
  readonly deadlineMs: number | undefined;
  /** Between two pieces of the answer it thinks for so long. */
  readonly pauseMs: number;
}

/** When a client hangs up. `how`: it aborts, or it stops to read. */
export interface Leaving {
  readonly when: 'later' | 'queued' | 'dispatched' | 'loading' | 'started' | 'output';
  readonly afterMs: number;
  readonly how: 'aborts' | 'stops';
}

interface World {
  readonly random: Random;
  readonly nodes: readonly string[];
  readonly models: readonly MachineModel[];
  readonly faultsMs: number;
  readonly count: number;
}

/** After faults, nodes get so long to come back. */
const recoveryMs = 75_000;

export function planCalls(world: World): PlannedCall[] {
  const { random, models, faultsMs, count } = world;
  const burstAtMs = random() * faultsMs;
  const calls = Array.from({ length: count }, (_, index) => {
    const atMs = chance(random, 0.3) ? burstAtMs + random() * 5_000 : random() * faultsMs;
    return plannedCall(world, index, atMs);
  });
  const probes = models.map((model, index) => probe(random, model, index, faultsMs + recoveryMs + 300 * index));
  return [...calls, ...probes];
}

/** The calls, where no more than so many may wait: probes come sooner than cold models load, so the others may be refused. */
export function withSureProbes(calls: readonly PlannedCall[], queueSize: number): PlannedCall[] {
  let probes = 0;
  return calls.map((call) => (call.mustSucceed ? { ...call, mustSucceed: probes++ < queueSize } : call));
}

function plannedCall({ random, nodes, models }: World, index: number, atMs: number): PlannedCall {
  const model = chance(random, 0.4) ? models[0]! : pick(random, models);
  const isUnknown = chance(random, 0.02);
  const content = index + 1;
  return {
    ...asked(`r${index}`, isUnknown ? 'unknown:latest' : model.name, content),
    fallback: chance(random, 0.15) ? [pick(random, models).name, pick(random, models).name] : [],
    resume: chance(random, 0.3),
    privacy: chance(random, 0.05) ? 'local' : pick(random, ['cluster', 'cluster', 'any']),
    pin: chance(random, 0.03) ? pick(random, nodes) : '',
    work: workOf(random, isUnknown ? { ...model, name: 'unknown:latest' } : model, content, atMs),
    tenant: pick(random, ['north', 'south', 'south', 'west']),
    priority: pick(random, ['admin', 'interactive', 'interactive', 'default', 'default', 'batch']),
    tier: chance(random, 0.03) ? integer(random, 1, 3) : undefined,
    poison: chance(random, 0.01) ? pick(random, ['runner', 'node']) : 'none',
    leaves: chance(random, 0.25) ? leaving(random) : undefined,
    deadlineMs: chance(random, 0.2) ? 500 + 30_000 * random() : undefined,
    pauseMs: chance(random, 0.05) ? 400 : 0,
  };
}

function probe(random: Random, model: MachineModel, index: number, atMs: number): PlannedCall {
  const content = -1 - index;
  return {
    ...asked(`probe${index}`, model.name, content),
    ...{ privacy: 'any', mustSucceed: true, tenant: 'probe', priority: 'interactive', tier: undefined },
    ...{ poison: 'none', leaves: undefined, deadlineMs: undefined, pauseMs: 0 },
    work: workOf(random, model, content, atMs),
  };
}

function asked(request: string, model: string, content: number): Asked {
  return { request, model, content, fallback: [], resume: false, privacy: 'cluster', pin: '', mustSucceed: false };
}

function workOf(random: Random, model: MachineModel, content: number, atMs: number): FleetCall {
  // How long a prompt is can only be guessed, and a long one may not fit then: a probe must not depend on that.
  const isLong = content > 0 && chance(random, 0.05);
  const promptTokens = isLong ? integer(random, 1_000, 5_000) : integer(random, 10, 500);
  return {
    ...{ id: '', atMs, tenant: '', model: model.name, promptTokens },
    kind: model.embedding ? 'embed' : 'generate',
    outputTokens: model.embedding ? 0 : integer(random, 1, chance(random, 0.05) ? 200 : 40),
    numCtx: chance(random, 0.1) ? pick(random, [2_048, 4_096, 8_192]) : undefined,
    prefix: [{ hash: content, tokens: promptTokens }],
  };
}

function leaving(random: Random): Leaving {
  return {
    when: pick(random, ['later', 'queued', 'dispatched', 'loading', 'started', 'output']),
    afterMs: chance(random, 0.5) ? 0 : 3_000 * random() ** 2,
    how: chance(random, 0.7) ? 'aborts' : 'stops',
  };
}
