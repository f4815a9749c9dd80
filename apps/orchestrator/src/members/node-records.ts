import type { NodeRecord } from '@tutti/core';

/** What is declared or kept of each node that was not removed, by name. */
export function mergeRecords(
  configured: readonly NodeRecord[],
  kept: readonly NodeRecord[],
): ReadonlyMap<string, NodeRecord> {
  const keptByName = new Map(kept.map((record) => [record.name, record]));
  const merged = configured.map((record) => merge(record, keptByName.get(record.name)));
  const all = new Map([...keptByName, ...merged.map((record) => [record.name, record] as const)]);
  return new Map([...all].filter(([, record]) => isNode(record)));
}

/** Of an Ollama whose host the file named, and names no more, nothing is left but what became of it. */
function isNode({ kind, host, removedAt }: NodeRecord): boolean {
  return removedAt === undefined && (kind === 'agent' || host !== undefined);
}

/** The file says what the node is, the store what has become of it. Of attributes, what was changed last. */
function merge(configured: NodeRecord, kept: NodeRecord | undefined): NodeRecord {
  return { ...kept, ...configured, attributes: { ...configured.attributes, ...kept?.attributes } };
}

/** The mark that keeps a removed node out, under a name that no node can have: its own may be used again. */
export function removalOf(name: string, id: string, removedAt: number): NodeRecord {
  return { name: `${name} (${id})`, id, kind: 'agent', attributes: {}, removedAt };
}
