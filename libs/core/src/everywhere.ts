import type { Done } from '@tutti/proto/tutti/agent/v1/chunk';
import { isUnload } from './asks-nothing.ts';
import { done } from './chunk.ts';
import type { Cluster } from './cluster/cluster.ts';
import type { Context, Generate } from './generate.ts';
import { canonicalModel } from './model-name.ts';

/**
 * Sends a wish to unload a model to each node that has it in memory, one after another: to its clients the cluster is
 * one server. Everything else passes. A model that stays on any of the nodes has not been unloaded.
 */
export function everywhere(cluster: Pick<Cluster, 'facts'>, next: Generate): Generate {
  const unload: Generate = async function* (call, context) {
    const model = canonicalModel(call.model);
    const holders = cluster.facts.filter(({ runners }) => runners.some((runner) => runner.model === model));
    // Nobody: then one node says so, or that it has no such model.
    if (holders.length === 0) return yield* next(call, context);
    const ends: Done[] = [];
    for (const { name } of holders) {
      const ticket = ends.length === 0 ? context.ticket : { ...context.ticket, place: {} };
      for await (const chunk of next(call, { ...context, pin: name, ticket })) {
        if (chunk.kind.case === 'done') ends.push(chunk.kind.value);
        else yield chunk;
      }
    }
    const end = ends.find(({ reason }) => reason !== 'unload') ?? ends.at(-1);
    if (end) yield done(end);
  };
  return (call, context) => (isUnload(call) && !isPlaced(context) ? unload(call, context) : next(call, context));
}

/** Whether the caller has said where. */
function isPlaced({ pin, tier }: Context): boolean {
  return pin !== undefined || tier !== undefined;
}
