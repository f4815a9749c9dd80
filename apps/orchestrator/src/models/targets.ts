import { canonicalModel, ClusterError } from '@tutti/core';
import type { NodeView } from '@tutti/core/cluster';
import type { Placement } from './placement.ts';

interface Wish {
  readonly model: string;
  /** Undefined: the nodes that have the model, so that they stay alike; else the one that is best. */
  readonly placement: Placement | undefined;
  /** Higher is better and comes before all else; left out: nothing does. */
  readonly merit?: (node: NodeView) => number;
}

/** The nodes that a model goes to, the best first; at least one. Throws if there are not as many as are asked for. */
export function targetsOf(nodes: readonly NodeView[], { model, placement, merit = () => 0 }: Wish): NodeView[] {
  const able = nodes.filter(isAble);
  if (able.length === 0) throw unavailable('No node with an Ollama is ready.', able);
  const has = new Set(holdersOf(nodes, model));
  const needed = sizeOf(nodes, model);
  const scores = new Map(
    able.map((node) => [node, [merit(node), Number(has.has(node)), Number(fits(node, needed)), memoryOf(node)]]),
  );
  const ranked = able.toSorted((a, b) => compare(scores.get(b)!, scores.get(a)!) || (a.name < b.name ? -1 : 1));
  switch (placement?.kind) {
    case undefined: {
      const holders = ranked.filter((node) => has.has(node));
      return holders.length > 0 ? holders : ranked.slice(0, 1);
    }
    case 'all':
      return ranked;
    case 'count':
      if (placement.count <= ranked.length) return ranked.slice(0, placement.count);
      throw unavailable(`${placement.count} nodes were asked for, ${ranked.length} are ready.`, able);
    case 'nodes':
      return placement.names.map((name) => {
        const node = able.find((other) => other.name === name);
        if (node) return node;
        throw unavailable(`Node "${name}" cannot pull or make models: it is not ready, or has no Ollama.`, able);
      });
  }
}

/** The ready nodes that have a model. */
export function holdersOf(nodes: readonly NodeView[], name: string): NodeView[] {
  const model = canonicalModel(name);
  return nodes.filter(
    ({ ready, state }) => ready && state.models.some((other) => canonicalModel(other.name) === model),
  );
}

function isAble({ ready, state }: NodeView): boolean {
  return ready && state.backend?.kind === 'ollama';
}

/** Bytes of the model on a node that has it; undefined: nobody knows. */
function sizeOf(nodes: readonly NodeView[], name: string): number | undefined {
  const model = canonicalModel(name);
  const known = nodes.flatMap(({ state }) => state.models).filter((other) => canonicalModel(other.name) === model);
  return known.find(({ sizeBytes }) => sizeBytes !== undefined)?.sizeBytes;
}

function fits(node: NodeView, neededBytes: number | undefined): boolean {
  const memoryBytes = memoryOf(node);
  return neededBytes === undefined || memoryBytes === 0 || neededBytes <= memoryBytes;
}

/** What models may take; else the GPU memory where there is any, since models run there. 0: unknown. */
function memoryOf({ state: { hardware, modelMemoryBytes } }: NodeView): number {
  if (modelMemoryBytes !== undefined) return modelMemoryBytes;
  const vram = hardware?.gpus.reduce((sum, gpu) => sum + (gpu.memoryTotalBytes ?? 0), 0) ?? 0;
  return vram || (hardware?.memoryTotalBytes ?? 0);
}

function compare(a: readonly number[], b: readonly number[]): number {
  const at = a.findIndex((value, index) => value !== b[index]);
  return at < 0 ? 0 : a[at]! - b[at]!;
}

function unavailable(what: string, able: readonly NodeView[]): ClusterError {
  const names = able.map(({ name }) => name).join(', ') || 'none';
  return new ClusterError('no_healthy_node', `${what} Nodes that can: ${names}.`, { retryAfterMs: 5_000 });
}
