import { canonicalModel } from '@tutti/core';
import type { Cluster } from '@tutti/core/cluster';
import type { AvailableModel } from '@tutti/core/patterns';
import type { Model } from '@tutti/proto/tutti/agent/v1/state';
import { listModels } from '../models/listing.ts';

/** Models of the nodes that are ready, as patterns see them. */
export function availableModels({ nodes }: Pick<Cluster, 'nodes'>): AvailableModel[] {
  return listModels(nodes).map(({ item }) => ({
    name: item.name,
    resident: isResident({ nodes }, item.name),
    sizeBytes: item.sizeBytes ?? 0,
    contextLength: item.contextLength ?? 0,
    family: familyOf(item),
    capabilities: item.capabilities,
  }));
}

/** Whether some node has the model in memory. */
export function isResident({ nodes }: Pick<Cluster, 'nodes'>, name: string): boolean {
  const model = canonicalModel(name);
  return nodes.some(({ ready, state }) => ready && state.runners.some((each) => canonicalModel(each.model) === model));
}

/** "" for details that are none: an agent may report anything. */
function familyOf({ detailsJson }: Model): string {
  try {
    const { family } = JSON.parse(detailsJson || '{}') as { family?: unknown };
    return typeof family === 'string' ? family : '';
  } catch {
    return '';
  }
}
