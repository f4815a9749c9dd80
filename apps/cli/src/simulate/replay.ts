import {
  ClusterError,
  isPriorityName,
  localPrincipal,
  priorities,
  Priority,
  Privacy,
  ticketMachine,
  type Context,
  type Ticket,
} from '@tutti/core';
import { createCluster, createEstimates, dispatched, retried, type PolicyName } from '@tutti/core/cluster';
import {
  callOf,
  createMachine,
  createSimulatedNode,
  createTimeline,
  seededRandom,
  type FleetCall,
} from '@tutti/simulation';
import type { Trace } from '../connection/api.ts';
import { routeOf } from './route-of.ts';
import { teach } from './teach.ts';
import { callFrom, embeddersIn, machineOf } from './traced-world.ts';

/** What a trace's calls would have met with another policy. Times are milliseconds from a call's arrival. */
export interface Replay {
  readonly policy: PolicyName;
  readonly firstOutputMs: readonly number[];
  readonly totalMs: readonly number[];
  /** Calls that were turned away, that failed, or that waited still when the simulation ended. */
  readonly failed: number;
  readonly loads: number;
  readonly evictions: number;
}

/** For the calls that are still on their way when the last one has come. */
const graceMs = 15 * 60_000;

/** Runs the calls on the real cluster, over machines as the trace describes them, in simulated time. */
export async function replay({ calls, nodes, windowMs }: Trace, policy: PolicyName): Promise<Replay> {
  // A turn of the event loop: by then all promises that an event woke have run.
  const timeline = createTimeline({ settle: () => new Promise((resolve) => setImmediate(resolve)) });
  const random = seededRandom(1);
  const estimates = createEstimates();
  const route = routeOf(
    policy,
    nodes.map(({ name }) => name),
  );
  const cluster = createCluster({ clock: timeline, random, estimates, routes: () => [route] });
  const generate = retried({ clock: timeline, random }, dispatched(cluster, timeline));
  const nextTicket = ticketMachine();
  const embedders = embeddersIn(calls);
  const sent = new Map<string, FleetCall>();

  const machines = nodes.map((node) => {
    const { name, slots } = node;
    const { profile, models } = machineOf(node, embedders);
    const machine = createMachine(profile, models, timeline);
    const agent = createSimulatedNode({
      ...{ name, machine, profile, models, hardware: {}, bootId: name, clock: timeline, random },
      work: (_, { requestId }) => sent.get(requestId)!,
    });
    agent.watch((state) => {
      state.slots!.total = slots;
      cluster.report(name, agent.generate, state);
    });
    return { machine, agent };
  });
  teach(estimates, cluster.facts, nodes);

  const firstOutputMs: number[] = [];
  const totalMs: number[] = [];
  let open = calls.length;
  const faults: ClusterError[] = [];
  const send = async (call: FleetCall, priority: Priority): Promise<void> => {
    sent.set(call.id, call);
    let first: number | undefined;
    try {
      for await (const { kind } of generate(callOf(call), contextOf(call, priority, nextTicket()))) {
        if (kind.case === 'delta') first ??= timeline.now() - call.atMs;
      }
      firstOutputMs.push(first ?? timeline.now() - call.atMs);
      totalMs.push(timeline.now() - call.atMs);
      open -= 1;
    } catch (thrown) {
      const error = ClusterError.from(thrown);
      if (error.reason === 'internal') faults.push(error);
    } finally {
      sent.delete(call.id);
    }
  };
  for (const [index, traced] of calls.entries()) {
    const call = callFrom(traced, index);
    timeline.after(call.atMs, () => void send(call, priorityOf(traced.priority)));
  }
  await timeline.run(windowMs + graceMs);
  // What a node or the queue refuses is a figure; this is no answer at all.
  if (faults[0]) throw faults[0];

  const sum = (read: (each: (typeof machines)[number]) => number): number =>
    machines.reduce((total, each) => total + read(each), 0);
  return {
    ...{ policy, firstOutputMs, totalMs, failed: open },
    loads: sum(({ machine }) => machine.loads),
    evictions: sum(({ machine, agent }) => machine.evictions + agent.evictions),
  };
}

function contextOf({ id, tenant }: FleetCall, priority: Priority, ticket: Ticket): Context {
  return {
    ...{ requestId: id, priority, ticket, hops: 0, privacy: Privacy.CLUSTER },
    signal: new AbortController().signal,
    principal: { ...localPrincipal, id: tenant },
  };
}

function priorityOf(name: string): Priority {
  return isPriorityName(name) ? priorities[name] : Priority.DEFAULT;
}
