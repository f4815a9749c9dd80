import { ClusterError, modelNotFound, type Reason } from '../error.ts';
import type { Obstacle } from '../routing/eligible.ts';
import type { NodeView } from './node-view.ts';

/** What keeps a call from a node for now only. */
const passing: ReadonlySet<Obstacle['kind']> = new Set(['not-ready', 'breaker', 'problem']);

/** What the caller can mend, and how it is called then. The first that any node shows counts. */
const faults = [
  ['context', 'context_length_exceeded'],
  ['capability', 'invalid_request'],
  ['privacy', 'no_healthy_node'],
  ['tier', 'no_healthy_node'],
  ['requires', 'no_healthy_node'],
  ['route', 'no_healthy_node'],
  ['memory', 'no_healthy_node'],
  ['digest', 'model_not_found'],
] as const satisfies readonly (readonly [Obstacle['kind'], Reason])[];

/** Whether a node could serve the call once it is well again. */
export function mayPass(obstacles: readonly Obstacle[]): boolean {
  return obstacles.some(({ kind }) => passing.has(kind));
}

/** Whether what ails every node that could serve the call are the call's own failures there: they end by themselves. */
export function isCooling(obstacles: readonly Obstacle[]): boolean {
  return obstacles.some(({ kind }) => kind === 'breaker' || kind === 'problem');
}

/** Why no node can serve a call. `obstacles`: what keeps it from each node, all of them. */
export function refusal(
  model: string,
  pin: string | undefined,
  obstacles: readonly Obstacle[],
  nodes: readonly NodeView[],
): ClusterError {
  const ready = nodes.filter((node) => node.ready).map((node) => node.name);
  const unready = (what: string): ClusterError => {
    const names = ready.toSorted().join(', ') || 'none';
    return new ClusterError('no_healthy_node', `${what} Ready: ${names}.${problemsOf(nodes)}`, { retryAfterMs: 5_000 });
  };
  if (pin !== undefined && !ready.includes(pin)) return unready(`Node "${pin}" is not ready.`);
  const holders = obstacles.filter(({ kind }) => kind !== 'no-model' && kind !== 'node');
  if (holders.length > 0 && !mayPass(holders)) {
    for (const [kind, reason] of faults) {
      const found = holders.find((obstacle) => obstacle.kind === kind);
      if (found && kind === 'capability') return new ClusterError(reason, found.reason);
      if (found) return new ClusterError(reason, `No node can run "${model}": ${sentences(holders)}`);
    }
  }
  if (holders.length > 0) return unready(`No node that has "${model}" can take it now.`);
  if (ready.length === 0) return unready('No node is ready. Start an agent, or wait until one is back.');
  return modelNotFound(model);
}

/** The first few, each with the node that it is about. */
function sentences(obstacles: readonly Obstacle[]): string {
  const shown = obstacles.slice(0, 4).map(({ node, reason }) => `${node}: ${reason}`);
  const rest = obstacles.length > 4 ? `; and ${obstacles.length - 4} more` : '';
  return `${shown.join('; ')}${rest}.`;
}

/** What keeps nodes from being ready, in their own words. */
function problemsOf(nodes: readonly NodeView[]): string {
  const sentence = ({ name, state, cordoned }: NodeView): string => {
    if (cordoned) return ` Node ${name} is cordoned; uncordon it to use it.`;
    return state.backend?.problem ? ` ${name}: ${state.backend.problem}` : '';
  };
  return nodes.map(sentence).join('');
}
