import {
  ClusterError,
  createCluster,
  dispatched,
  localPrincipal,
  Priority,
  Privacy,
  retried,
  ticketMachine,
  type Context,
} from '@tutti/core';
import { callOf, createSimulatedNode, hardwareOf, type FleetCall, type SimulatedWork } from '@tutti/simulation';
import type { CallListener, Contender } from './contender.ts';

/** A call on its way, and what became known of it meanwhile. */
interface Journey {
  readonly call: FleetCall;
  readonly listener: CallListener;
  model: string;
  cachedTokens: number;
  truncated: boolean;
}

/** Tutti as it ships: its cluster, its retries, an agent in front of each machine. Only the network is played. */
export const tutti: Contender = {
  name: 'tutti',
  start({ timeline, nodes, random }) {
    const journeys = new Map<string, Journey>();
    const cluster = createCluster({ clock: timeline, random });
    const generate = retried({ clock: timeline, random }, dispatched(cluster, timeline));
    const nextTicket = ticketMachine();
    const agents = nodes.map((node) => {
      const { name, machine, profile, models } = node;
      const hardware = hardwareOf(node);
      const agent = createSimulatedNode({
        ...{ name, machine, profile, models, hardware, bootId: name, clock: timeline, random },
        work: ({ model }, { requestId }) => workOf(journeys.get(requestId)!, model),
      });
      agent.watch((state) => cluster.report(name, agent.generate, state));
      return agent;
    });

    const travel = async (journey: Journey, context: Context): Promise<void> => {
      const { call, listener } = journey;
      try {
        for await (const { kind } of generate(callOf(call), context)) {
          if (kind.case === 'delta') listener.firstToken(journey.cachedTokens);
        }
        listener.ended(journey);
      } catch (thrown) {
        listener.failed(ClusterError.from(thrown).retryAfterMs === undefined ? 'failed' : 'refused');
      } finally {
        journeys.delete(call.id);
      }
    };

    return {
      send(call, listener) {
        const journey = { call, listener, model: '', cachedTokens: 0, truncated: false };
        journeys.set(call.id, journey);
        void travel(journey, {
          signal: new AbortController().signal,
          requestId: call.id,
          principal: { ...localPrincipal, id: call.tenant },
          priority: Priority.DEFAULT,
          privacy: Privacy.CLUSTER,
          ticket: nextTicket(),
          hops: 0,
        });
      },
      evictions: () => agents.reduce((sum, agent) => sum + agent.evictions, 0),
    };
  },
};

function workOf(journey: Journey, model: string): SimulatedWork {
  const { promptTokens, outputTokens, prefix } = journey.call;
  return {
    ...{ promptTokens, outputTokens, prefix },
    observer: {
      started: () => journey.listener.started(),
      firstToken: ({ cachedTokens }) => (journey.cachedTokens = cachedTokens),
      ended({ truncated }) {
        journey.model = model;
        journey.truncated = truncated;
      },
    },
  };
}
