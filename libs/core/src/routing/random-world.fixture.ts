import type { Random } from '../ports.ts';
import type { Demand, PrefixMark } from './demand.ts';
import type { ModelFacts, NodeFacts, RunnerFacts, RunningCall } from './node-facts.ts';
import { demand, embedding, GB, modelFacts, nodeFacts, runnerFacts, runningCall, waiting } from './routing.fixture.ts';
import type { Waiting } from './plan.ts';

const models: readonly ModelFacts[] = [0.5, 2, 4, 4, 9, 20].map((size, index) =>
  modelFacts(`m${index}`, {
    digest: `d${index}`,
    sizeBytes: size * GB,
    capabilities: index === 0 ? ['embedding'] : ['completion'],
  }),
);

export interface World {
  readonly nodes: readonly NodeFacts[];
  readonly queue: readonly Waiting[];
}

/** Unequal nodes with models in memory and calls on them, one of them perhaps loading, and calls that wait. */
export function randomWorld(random: Random, changes: { nodes?: number; calls?: number; now?: number } = {}): World {
  const { nodes = 1 + below(random, 6), calls = below(random, 30), now = 0 } = changes;
  return {
    nodes: Array.from({ length: nodes }, (_, index) => randomNode(`n${index}`, random, now)),
    queue: Array.from({ length: calls }, () => randomWaiting(random, now)),
  };
}

function randomNode(name: string, random: Random, now: number): NodeFacts {
  const memoryBytes = [6, 12, 24, 48][below(random, 4)]! * GB;
  const slotsPerRunner = 1 + below(random, 4);
  const onDisk = models.filter(() => random() < 0.8);
  const runners: RunnerFacts[] = [];
  let free = memoryBytes;
  for (const { name: model, sizeBytes = 0 } of onDisk) {
    const bytes = sizeBytes + 0.4 * GB * slotsPerRunner;
    if (random() < 0.5 || bytes > free) continue;
    free -= bytes;
    const loading = random() < 0.1 && !runners.some((runner) => runner.loading);
    runners.push(
      runnerFacts(model, {
        bytes,
        slots: model === 'm0' ? 1 : slotsPerRunner,
        numCtx: one([2_048, 4_096, 8_192, undefined], random),
        runnerOptions: one(['', '', '', undefined, '{"num_gpu":1}'], random),
        ...(loading ? { loading, loadingSince: now - below(random, 4_000) } : {}),
        fresh: loading,
      }),
    );
  }
  const calls: RunningCall[] = [];
  const slots = slotsPerRunner + below(random, 6);
  for (const { model, slots: own, loading } of runners) {
    const running = Math.min(below(random, own + 2), slots - calls.length);
    for (let n = 0; n < running; n += 1) {
      const startedAt = now - below(random, 5_000);
      const hasBegun = !loading && n < own && random() < 0.8;
      calls.push(
        runningCall(model, {
          demand: randomDemand(random, model),
          startedAt,
          firstTokenAt: hasBegun ? startedAt + 100 : undefined,
          outputTokens: hasBegun && model !== 'm0' ? below(random, 200) : 0,
          loads: loading && n === 0,
        }),
      );
    }
  }
  return nodeFacts(name, {
    models: onDisk,
    runners,
    calls,
    slots,
    slotsPerRunner,
    memoryBytes: random() < 0.1 ? undefined : memoryBytes,
    maxRunners: random() < 0.3 ? Math.max(3, runners.length) : undefined,
    full: random() < 0.05,
    ready: random() < 0.95,
    prompts: new Map(calls.map(({ demand: { model, prefix } }) => [model, [prefix]])),
    attributes: { tier: below(random, 3), trust: random() < 0.1 ? 'cloud' : 'cluster' },
  });
}

function randomWaiting(random: Random, now: number): Waiting {
  return waiting(randomDemand(random), now - below(random, 90_000), random() < 0.05 ? ['n0'] : []);
}

export function randomDemand(random: Random, model = one(models, random).name): Demand {
  const promptTokens = 50 + below(random, 3_000);
  const prefix: PrefixMark[] = [0.3, 0.6, 1].map((part) => ({
    hash: below(random, 3),
    tokens: Math.floor(promptTokens * part),
  }));
  if (model === 'm0' || random() < 0.15) return embedding(model, { promptTokens });
  return demand(model, {
    promptTokens,
    prefix,
    numCtx: one([undefined, undefined, 4_096, 8_192], random),
    runnerOptions: random() < 0.05 ? '{"num_gpu":1}' : '',
    tenant: one(['a', 'b'], random),
    tier: random() < 0.05 ? 1 : undefined,
    node: random() < 0.05 ? 'n0' : undefined,
  });
}

export function one<T>(all: readonly T[], random: Random): T {
  return all[below(random, all.length)]!;
}

export function below(random: Random, limit: number): number {
  return Math.floor(random() * limit);
}

/** The same in another order. */
export function shuffled<T>(all: readonly T[], random: Random): T[] {
  return all
    .map((value) => ({ value, key: random() }))
    .toSorted((a, b) => a.key - b.key)
    .map(({ value }) => value);
}
