import { Priority, Privacy } from '@tutti/core';
import type { CostParts, Decision, Demand, Option } from '@tutti/core/cluster';

/** An option as a test wants it; its total is the sum of its parts. */
export function optionOf(node: string, parts: Partial<CostParts> = {}, changes: Partial<Option> = {}): Option {
  const all = { waitMs: 0, loadMs: 0, prefillMs: 0, decodeMs: 0, evictionMs: 0, ...parts };
  return {
    ...{ node, kind: all.loadMs > 0 ? 'load' : 'resident', startAt: 0, durationMs: 0, startable: true },
    ...{ numCtx: undefined, evict: [], evictsBusy: false, cachedTokens: 0, parts: all },
    totalMs: all.waitMs + all.loadMs + all.prefillMs + all.decodeMs + all.evictionMs,
    ...changes,
  };
}

export function demandOf(changes: Partial<Demand> = {}): Demand {
  return {
    ...{ model: 'm:latest', kind: 'generate', capabilities: [], promptTokens: 100, maxOutputTokens: Infinity },
    ...{ numCtx: undefined, runnerOptions: '', prefix: [], tenant: 'key1', node: undefined, tier: undefined },
    ...{ priority: Priority.DEFAULT, privacy: Privacy.CLUSTER },
    ...changes,
  };
}

/** The choice of the first option. */
export function decisionOf(options: readonly Option[], changes: Partial<Decision> = {}): Decision {
  return {
    ...{ requestId: 'r1', attempt: 1, arrivedAt: 0, decidedAt: 0, demand: demandOf(), policy: 'cost', reason: 'best' },
    ...{ option: options[0]!, options, exclusions: [] },
    ...changes,
  };
}
