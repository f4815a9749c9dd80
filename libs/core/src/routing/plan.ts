import type { NodeState } from '@tutti/proto/tutti/agent/v1/state';
import { ClusterError, modelNotFound } from '../error.ts';
import { canonicalModel } from '../model-name.ts';
import type { Waiting } from '../queue/queue.ts';

/** A node as `plan` sees it. */
export interface NodeView {
  readonly name: string;
  readonly state: NodeState;
  /** When `state` came, on the cluster's clock. */
  readonly reportedAt: number;
  /** Whether it may get calls: connected, its lease in time, not draining, not cordoned. */
  readonly ready: boolean;
  /** Whether it was told to take no new calls. */
  readonly cordoned: boolean;
  /** Whether its agent has just refused a call for want of a slot. */
  readonly full: boolean;
  /** Our calls on it. */
  readonly inFlight: number;
  /** Our calls on it by canonical model. */
  readonly inFlightByModel: ReadonlyMap<string, number>;
}

/** A call and the node it starts on. */
export interface Placement<T extends Waiting> {
  readonly entry: T;
  readonly node: string;
  /** Why this node, in a few words. */
  readonly reason: string;
}

/**
 * Chooses the next call to start and its node: the first call in the queue's order that any node has room for, on the
 * node with the fewest calls in flight. A call that nobody has room for holds up no other. Undefined: nothing can start.
 */
export function plan<T extends Waiting>(queue: Iterable<T>, nodes: readonly NodeView[]): Placement<T> | undefined {
  const open = nodes.filter((node) => node.ready && !node.full && node.inFlight < slotsOf(node));
  if (open.length === 0) return undefined;
  for (const entry of queue) {
    const model = canonicalModel(entry.call.model);
    const rivals = open.filter((node) => mayServe(node, entry) && hasRoom(node, model));
    const best = rivals.reduce<NodeView | undefined>((a, b) => (a && !goesBefore(b, a, model) ? a : b), undefined);
    if (best) return { entry, node: best.name, reason: reasonFor(best, rivals.length) };
  }
  return undefined;
}

/** Whether the node has what the call needs and has not failed it; ready or not. */
export function mayServe(node: NodeView, { call, context }: Waiting): boolean {
  if (context.pin !== undefined && context.pin !== node.name) return false;
  return !context.ticket.excluded.has(node.name) && hasModel(node, call.model);
}

/** Why no node that is ready can serve the call, now or when others are done; undefined if one can. */
export function hopeless(entry: Waiting, nodes: readonly NodeView[]): ClusterError | undefined {
  const ready = nodes.filter((node) => node.ready);
  if (ready.some((node) => mayServe(node, entry))) return undefined;
  const { call, context } = entry;
  const unready = (what: string): ClusterError => {
    const names =
      ready
        .map((node) => node.name)
        .toSorted()
        .join(', ') || 'none';
    return new ClusterError('no_healthy_node', `${what} Ready: ${names}.${problemsOf(nodes)}`, { retryAfterMs: 5_000 });
  };
  if (context.pin !== undefined && !ready.some((node) => node.name === context.pin)) {
    return unready(`Node "${context.pin}" is not ready.`);
  }
  if (nodes.some((node) => hasModel(node, call.model)))
    return unready(`No node that has "${call.model}" can take it now.`);
  if (ready.length === 0) return unready('No node is ready. Start an agent, or wait until one is back.');
  return modelNotFound(call.model);
}

/** What keeps nodes from being ready, in their own words. */
function problemsOf(nodes: readonly NodeView[]): string {
  const sentence = ({ name, state, cordoned }: NodeView): string => {
    if (cordoned) return ` Node ${name} is cordoned; uncordon it to use it.`;
    return state.backend?.problem ? ` ${name}: ${state.backend.problem}` : '';
  };
  return nodes.map(sentence).join('');
}

function hasModel(node: NodeView, name: string): boolean {
  const model = canonicalModel(name);
  return node.state.models.some((other) => canonicalModel(other.name) === model);
}

/** A runner gets one call more than it has slots, so that it never stands idle while the next one travels. */
function hasRoom(node: NodeView, model: string): boolean {
  const runner = node.state.runners.find((other) => canonicalModel(other.model) === model);
  const slots = runner?.slots ?? node.state.slots?.perRunner ?? 1;
  return (node.inFlightByModel.get(model) ?? 0) <= slots;
}

function goesBefore(a: NodeView, b: NodeView, model: string): boolean {
  if (a.inFlight !== b.inFlight) return a.inFlight < b.inFlight;
  const residentA = isResident(a, model);
  return residentA === isResident(b, model) ? a.name < b.name : residentA;
}

function isResident(node: NodeView, model: string): boolean {
  return node.state.runners.some((runner) => canonicalModel(runner.model) === model);
}

function slotsOf(node: NodeView): number {
  return node.state.slots?.total ?? 1;
}

function reasonFor(node: NodeView, rivals: number): string {
  return rivals === 1 ? 'only node with room' : `least busy of ${rivals} (${node.inFlight} in flight)`;
}
