import type { NodeState } from '@tutti/proto/tutti/agent/v1/state';
import type { ClusterError } from './error.ts';
import type { Call, Context, Generate } from './generate.ts';
import { canonicalModel } from './model-name.ts';
import type { Clock } from './ports.ts';
import { createQueue, type Waiting } from './queue/queue.ts';
import { hopeless, mayServe, plan, type NodeView } from './routing/plan.ts';
import { abortError, onAbort } from './signal.ts';

/** The right to run one call on one node. */
export interface Lease {
  readonly node: string;
  /** Why this node, in a few words. */
  readonly reason: string;
  readonly generate: Generate;
  /** The agent had no slot: it counts as full until its next report, or for 250 ms. */
  refused(): void;
}

/** A call's request for a lease. */
export interface Request {
  /** Calls in front of this one; undefined once it is served. */
  readonly position: number | undefined;
  /** Rejects when the call is aborted, or when no node can serve it. */
  readonly lease: Promise<Lease>;
  /** Gives back the slot, or the place in the queue. Whoever asks calls it once done, whatever happened. */
  release(): void;
}

/** All nodes, all waiting calls, and the only counts of who runs what. */
export interface Cluster {
  /** Choosing a node and taking its slot are one step, so two calls cannot take one slot. */
  request(call: Call, context: Context): Request;
  /** A node answers, or has changed: it may get calls from now on. */
  report(name: string, generate: Generate, state: NodeState): void;
  /** A node gets no new calls until it reports again. What runs on it goes on. */
  suspend(name: string): void;
  /** A node is gone. */
  remove(name: string): void;
  readonly nodes: readonly NodeView[];
  /** Calls that wait for a node. */
  readonly waiting: number;
}

interface Options {
  readonly clock: Clock;
  /** How long a call waits when the only nodes that could serve it do not answer now. */
  readonly patienceMs?: number;
}

interface Entry extends Waiting {
  grant(lease: Lease): void;
  refuse(error: ClusterError): void;
  /** Stops the clock that `review` started for it. */
  stopPatience?: (() => void) | undefined;
}

interface Member extends NodeView {
  generate: Generate;
  state: NodeState;
  reportedAt: number;
  ready: boolean;
  full: boolean;
  inFlight: number;
  readonly inFlightByModel: Map<string, number>;
}

/** After `no_slot`, how long a node counts as full if it does not report. */
const fullForMs = 250;

export function createCluster({ clock, patienceMs = 5_000 }: Options): Cluster {
  const members = new Map<string, Member>();
  const queue = createQueue<Entry>();

  const assign = (): void => {
    for (let next = nextPlacement(); next; next = nextPlacement()) {
      const { entry, node, reason } = next;
      const member = members.get(node)!;
      count(member, entry.call.model, 1);
      entry.grant({ node, reason, generate: member.generate, refused: () => markFull(member) });
    }
  };

  const nextPlacement = () => (queue.size > 0 ? plan(queue, [...members.values()]) : undefined);

  const markFull = (member: Member): void => {
    member.full = true;
    clock.after(fullForMs, () => {
      member.full = false;
      assign();
    });
  };

  /** Refuses a call that nobody can serve; if a silent node could, it first gets time to come back. */
  const review = (entry: Entry): void => {
    const error = hopeless(entry, [...members.values()]);
    if (!error) {
      entry.stopPatience?.();
      entry.stopPatience = undefined;
    } else if (![...members.values()].some((member) => mayServe(member, entry))) {
      entry.refuse(error);
    } else {
      entry.stopPatience ??= clock.after(patienceMs, () => entry.refuse(error));
    }
  };

  const changed = (): void => {
    assign();
    for (const entry of [...queue]) review(entry);
  };

  const request = (call: Call, context: Context): Request => {
    const { promise, resolve, reject } = Promise.withResolvers<Lease>();
    let forget = (): void => {};
    let held: string | undefined;
    const leave = (): void => {
      queue.remove(entry);
      forget();
      entry.stopPatience?.();
    };
    const entry: Entry = {
      call,
      context,
      grant(lease) {
        leave();
        held = lease.node;
        resolve(lease);
      },
      refuse(error) {
        leave();
        reject(error);
      },
    };
    // Whoever leaves before it is served never looks at the promise.
    promise.catch(() => {});
    queue.add(entry);
    forget = onAbort(context.signal, () => entry.refuse(abortError(context.signal)));
    assign();
    if (queue.position(entry) >= 0) review(entry);
    return {
      get position() {
        const position = queue.position(entry);
        return position < 0 ? undefined : position;
      },
      lease: promise,
      release() {
        leave();
        const member = held === undefined ? undefined : members.get(held);
        held = undefined;
        if (!member) return;
        count(member, call.model, -1);
        assign();
      },
    };
  };

  return {
    request,
    report(name, generate, state) {
      const counts = members.get(name) ?? { inFlight: 0, inFlightByModel: new Map<string, number>() };
      const ready = !state.draining && !state.backend?.problem;
      const fresh = { name, generate, state, reportedAt: clock.now(), ready, full: false };
      members.set(name, Object.assign(counts, fresh));
      changed();
    },
    suspend(name) {
      const member = members.get(name);
      if (member) member.ready = false;
      changed();
    },
    remove(name) {
      members.delete(name);
      changed();
    },
    get nodes() {
      return [...members.values()];
    },
    get waiting() {
      return queue.size;
    },
  };
}

function count(member: Member, name: string, change: 1 | -1): void {
  const model = canonicalModel(name);
  const left = Math.max(0, (member.inFlightByModel.get(model) ?? 0) + change);
  member.inFlight = Math.max(0, member.inFlight + change);
  if (left > 0) member.inFlightByModel.set(model, left);
  else member.inFlightByModel.delete(model);
}
