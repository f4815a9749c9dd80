import { canonicalModel } from '@tutti/core';
import type { NodeView } from '@tutti/core/cluster';

/** So many models get a label of their own. */
const mostModels = 200;

/** Returns a function that names a model in a label: "other" for names that no node has, since anyone can make those up. */
export function createModelLabels(nodes: () => readonly NodeView[]): (model: string) => string {
  const known = new Set<string>();
  const exists = (name: string): boolean =>
    nodes().some(({ state }) => state.models.some((model) => canonicalModel(model.name) === name));
  return (model) => {
    const name = canonicalModel(model);
    if (known.has(name)) return name;
    if (known.size >= mostModels || !exists(name)) return 'other';
    known.add(name);
    return name;
  };
}
