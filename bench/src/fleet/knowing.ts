import { createEstimates, type LearntEstimates, type NodeFacts } from '@tutti/core/cluster';
import { runnerBytes, type MachineModel } from '@tutti/simulation';
import type { World, WorldNode } from './contender.ts';

/** Estimates that are right from the start: of speeds, loads and memory; of outputs, if calls limit theirs to what they will be. */
export function knowingEstimates({ nodes, fleet }: World): LearntEstimates {
  const learnt = createEstimates();
  const byName = new Map(nodes.map((node) => [node.name, node]));
  const models = new Map(fleet.models.map((model) => [model.name, model]));
  const of = <T>(
    { name }: Pick<NodeFacts, 'name'>,
    model: string,
    read: (node: WorldNode, model: MachineModel) => T,
  ): T => read(byName.get(name)!, models.get(model)!);
  return {
    ...learnt,
    prefillSpeed: (node, { name }) => of(node, name, ({ profile }, model) => profile.prefillSpeed(model)),
    decodeSpeed: (node, { name }) => of(node, name, ({ profile }, model) => profile.decodeSpeed(model)),
    loadMs: (node, { name }) => of(node, name, ({ profile }, model) => profile.loadMs(model)),
    runnerBytes: (node, { name }, numCtx, slots) => of(node, name, (_, model) => runnerBytes(model, numCtx, slots)),
    expectedOutput: ({ maxOutputTokens }) => maxOutputTokens,
    expectedRest: ({ maxOutputTokens }, soFar) => Math.max(0, maxOutputTokens - soFar),
  };
}
