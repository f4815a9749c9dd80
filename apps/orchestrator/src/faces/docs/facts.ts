import type { Cluster } from '@tutti/core/cluster';
import { listModels } from '../../models/listing.ts';

/** Names that examples need, so that they run as they are. */
export interface Facts {
  readonly node: string;
  readonly model: string;
}

/** Of a machine that has just been set up: the smallest model that comes by itself. */
export const usualFacts: Facts = { node: 'my-machine', model: 'smollm2:135m' };

/** A node and a model that are there now. */
export function factsOf({ nodes }: Pick<Cluster, 'nodes'>): Facts {
  const node = nodes.find(({ ready }) => ready)?.name ?? usualFacts.node;
  const speaks = (capabilities: readonly string[]) => capabilities.length === 0 || capabilities.includes('completion');
  const model = listModels(nodes).find(({ item }) => speaks(item.capabilities))?.item.name ?? usualFacts.model;
  return { node, model };
}
