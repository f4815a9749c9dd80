import type { NodeState } from '@tutti/proto/tutti/agent/v1/state';
import type { ClusterError } from './error.ts';
import type { Call, Context, Generate, Priority } from './generate.ts';
import { count, createMember, type Member } from './member.ts';
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

/** A call that waits, for people to see. */
export interface WaitingCall {
  readonly requestId: string;
  readonly model: string;
  readonly priority: Priority;
  /** Calls in front of it. */
  readonly position: number;
  /** When it came into the queue for this attempt, on the cluster's clock. */
  readonly since: number;
  /** From 1. */
  readonly attempt: number;
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
  /** Gives the node of that name no new calls, or gives it calls again; whether it is there or still to come. */
  cordon(name: string, on: boolean): void;
  /** Starts no call until `resume`: those that come wait, those that run go on. */
  pause(): void;
  resume(): void;
  readonly paused: boolean;
  readonly nodes: readonly NodeView[];
  /** Calls that wait for a node. */
  readonly waiting: number;
  /** Those calls, in the order in which they are served. */
  readonly waitingCalls: readonly WaitingCall[];
  /** Calls that run, those on nodes that have gone meanwhile included. */
  readonly inFlight: number;
}

interface Options {
  readonly clock: Clock;
  /** How long a call waits when the only nodes that could serve it do not answer now. */
  readonly patienceMs?: number;
  /** Most calls in flight over all nodes; asked anew each time, so it may change. */
  readonly concurrency?: () => number;
}

interface Entry extends Waiting {
  readonly since: number;
  grant(member: Member, reason: string): void;
  refuse(error: ClusterError): void;
  /** Stops the clock that `review` started for it. */
  stopPatience?: (() => void) | undefined;
}

/** After `no_slot`, how long a node counts as full if it does not report. */
const fullForMs = 250;

export function createCluster({ clock, patienceMs = 5_000, concurrency = () => Infinity }: Options): Cluster {
  const members = new Map<string, Member>();
  const cordoned = new Set<string>();
  const queue = createQueue<Entry>();
  let inFlight = 0;
  let paused = false;

  const assign = (): void => {
    for (let next = nextPlacement(); next; next = nextPlacement()) {
      next.entry.grant(members.get(next.node)!, next.reason);
    }
  };

  const nextPlacement = () => {
    const mayStart = queue.size > 0 && !paused && inFlight < concurrency();
    return mayStart ? plan(queue, [...members.values()]) : undefined;
  };

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
      // The reason may be another by then.
      entry.stopPatience ??= clock.after(patienceMs, () =>
        entry.refuse(hopeless(entry, [...members.values()]) ?? error),
      );
    }
  };

  const changed = (): void => {
    assign();
    for (const entry of [...queue]) review(entry);
  };

  const request = (call: Call, context: Context): Request => {
    const { promise, resolve, reject } = Promise.withResolvers<Lease>();
    let forget = (): void => {};
    let held: Member | undefined;
    const leave = (): void => {
      queue.remove(entry);
      forget();
      entry.stopPatience?.();
    };
    const entry: Entry = {
      call,
      context,
      since: clock.now(),
      grant(member, reason) {
        leave();
        held = member;
        inFlight += 1;
        count(member, call.model, 1);
        const { name: node, generate } = member;
        resolve({ node, reason, generate, refused: () => markFull(member) });
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
        if (!held) return;
        inFlight -= 1;
        count(held, call.model, -1);
        held = undefined;
        assign();
      },
    };
  };

  return {
    request,
    report(name, generate, state) {
      const report = { generate, state, reportedAt: clock.now() };
      const member = members.get(name);
      if (member) Object.assign(member, report, { answers: true, full: false });
      else members.set(name, createMember(name, report, cordoned));
      changed();
    },
    suspend(name) {
      const member = members.get(name);
      if (member) member.answers = false;
      changed();
    },
    remove(name) {
      members.delete(name);
      changed();
    },
    cordon(name, on) {
      if (on) cordoned.add(name);
      else cordoned.delete(name);
      changed();
    },
    pause() {
      paused = true;
    },
    resume() {
      paused = false;
      assign();
    },
    get paused() {
      return paused;
    },
    get nodes() {
      return [...members.values()];
    },
    get waiting() {
      return queue.size;
    },
    get waitingCalls() {
      return [...queue].map(({ call, context, since }, position) => {
        const { requestId, priority, ticket } = context;
        return { requestId, model: call.model, priority, position, since, attempt: ticket.attempt };
      });
    },
    get inFlight() {
      return inFlight;
    },
  };
}
