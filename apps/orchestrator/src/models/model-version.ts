import { canonicalModel, type Call } from '@tutti/core';
import type { NodeFacts } from '@tutti/core/cluster';

/**
 * The digest of a call's model: the one it names, or the one that all nodes have, ready or not. Undefined: they do not
 * agree, nobody has it, or a backend tells none.
 */
export function modelVersion(
  nodes: readonly Pick<NodeFacts, 'models'>[],
  { model, digest }: Pick<Call, 'model' | 'digest'>,
): string | undefined {
  if (digest !== '') return digest;
  const name = canonicalModel(model);
  let version: string | undefined;
  for (const { models } of nodes) {
    const other = models.get(name)?.digest;
    if (other === undefined) continue;
    if (other === '' || (version !== undefined && version !== other)) return undefined;
    version = other;
  }
  return version;
}
