import { canonicalModel, done, Priority, Privacy } from '@tutti/core';
import type { Demand, LearntEstimates, NodeFacts } from '@tutti/core/cluster';
import type { Trace } from '../connection/api.ts';

type TracedModel = Trace['nodes'][number]['models'][number];

/** Tells the cluster what it had learnt of the machines when the trace was made. */
export function teach(estimates: LearntEstimates, facts: readonly NodeFacts[], nodes: Trace['nodes']): void {
  for (const node of facts) {
    const models = nodes.find(({ name }) => name === node.name)?.models ?? [];
    for (const model of models) estimates.observe({ ...ended(model), node, demand: demandFor(model) });
  }
}

const tokens = 1_000;

/** A call that took as long as is known of the model, and teaches nothing about lengths. */
function ended({ prefillPerSecond, decodePerSecond, loadMs }: TracedModel) {
  const timings = {
    loadMs,
    promptMs: (tokens * 1_000) / prefillPerSecond,
    outputMs: (tokens * 1_000) / decodePerSecond,
  };
  const { kind } = done({ usage: { promptTokens: tokens, cachedTokens: 0, outputTokens: tokens }, timings });
  const { usage, timings: taken } = kind.case === 'done' ? kind.value : {};
  return { usage, timings: taken, loads: true, expectedCached: 0, neighbours: { same: 0, other: 0 }, complete: true };
}

function demandFor({ model }: TracedModel): Demand {
  return {
    ...{ model: canonicalModel(model), kind: 'generate', capabilities: [], promptTokens: tokens, maxOutputTokens: 0 },
    ...{ numCtx: undefined, runnerOptions: '', prefix: [], tenant: '', node: undefined, tier: undefined },
    ...{ priority: Priority.DEFAULT, privacy: Privacy.CLUSTER },
  };
}
