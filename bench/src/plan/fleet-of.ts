import { localPrincipal, Privacy, Priority, ticketMachine, type Context } from '@tutti/core';
import type { Demand } from '@tutti/core/cluster';
import type { Random } from '@tutti/core';
import type { ModelFacts, NodeFacts, RunnerFacts, RunningCall } from '@tutti/core/cluster';

const GB = 1e9;

/** Models of 0.5 to 40 GB, the small ones more popular. */
export function modelsOf(count: number): ModelFacts[] {
  return Array.from({ length: count }, (_, index) => ({
    name: `model-${index}:latest`,
    digest: `digest-${index}`,
    sizeBytes: (0.5 + 40 * (index / count) ** 2) * GB,
    trainedContext: 32_768,
    capabilities: ['completion'],
  }));
}

/** Unequal nodes that have all models on disk, two or three of them in memory, and a call on every other one. */
export function nodesOf(count: number, models: readonly ModelFacts[], random: Random): NodeFacts[] {
  return Array.from({ length: count }, (_, index) => {
    const memoryBytes = [11, 15, 22, 44, 48][index % 5]! * GB;
    const resident = models.filter(() => random() < 3 / models.length).slice(0, 3);
    const calls = resident.filter(() => random() < 0.5).map(({ name }) => runningCall(name, random));
    return {
      name: `node-${index}`,
      ready: true,
      full: false,
      slots: 8,
      slotsPerRunner: 4,
      zombies: 0,
      memoryBytes,
      maxRunners: undefined,
      models: new Map(models.map((model) => [model.name, model])),
      runners: resident.map((model) => runnerOf(model)),
      calls,
      prompts: new Map(calls.map(({ demand }) => [demand.model, [demand.prefix]])),
      sameMachine: false,
      hasGpu: true,
      attributes: { type: 'gpu', tier: index % 3 },
      readySince: -1e9,
    };
  });
}

/** A call that waits; half of them ask for a context length. */
export function waitingCall(models: readonly ModelFacts[], random: Random, now: number) {
  const model = models[Math.floor(random() ** 2 * models.length)]!.name;
  const context: Pick<Context, 'ticket'> = { ticket: nextTicket() };
  return { context, demand: demandFor(model, random), since: now };
}

const nextTicket = ticketMachine();

function demandFor(model: string, random: Random): Demand {
  const prefix = Array.from({ length: 6 }, (_, index) => ({
    hash: Math.floor(random() * 4),
    tokens: 200 * (index + 1),
  }));
  return {
    ...{ model, kind: 'generate', capabilities: ['completion'], runnerOptions: '', prefix },
    ...{ promptTokens: 200 + Math.floor(1_000 * random()), maxOutputTokens: Infinity },
    ...{ numCtx: random() < 0.5 ? undefined : 8_192, node: undefined, tier: undefined },
    ...{ tenant: localPrincipal.id, priority: Priority.DEFAULT, privacy: Privacy.CLUSTER },
  };
}

function runnerOf({ name, sizeBytes = 0 }: ModelFacts): RunnerFacts {
  return {
    ...{ model: name, numCtx: 8_192, bytes: sizeBytes + 0.5 * GB, slots: 4, runnerOptions: '', foreignCalls: 0 },
    ...{ loading: false, loadingSince: undefined, fresh: false, problem: '' },
  };
}

function runningCall(model: string, random: Random): RunningCall {
  return {
    ...{ demand: demandFor(model, random), startedAt: -1_000, firstTokenAt: -500, loads: false },
    outputTokens: Math.floor(20 * random()),
  };
}
