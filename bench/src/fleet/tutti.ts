import { ClusterError, localPrincipal, Priority, Privacy, ticketMachine, type Call, type Context } from '@tutti/core';
import {
  createCluster,
  createRetryBudget,
  dispatched,
  resumed,
  retried,
  type PolicyName,
  type Route,
} from '@tutti/core/cluster';
import { callOf, type FleetCall, type SimulatedWork } from '@tutti/simulation';
import { connectAgent } from './connected-agent.ts';
import type { CallListener, Contender, Player, World } from './contender.ts';
import { knowingEstimates } from './knowing.ts';

/** A call on its way, and what became known of it meanwhile. */
interface Journey {
  readonly call: FleetCall;
  readonly listener: CallListener;
  model: string;
  cachedTokens: number;
  truncated: boolean;
}

/** Tutti as it ships: its cluster, its retries, an agent in front of each machine. Only the network is played. */
export const tutti = createTutti('tutti');

/** The same for clients who ask that an answer which breaks off goes on elsewhere. */
export const tuttiResuming = createTutti('tutti-resuming', { resume: true });

/** The same, if it knew all speeds, loads and lengths of answers beforehand: what better guesses could gain. */
export const tuttiKnowing = createTutti('tutti-knowing', { knows: true });

/** The same with another policy for all calls. */
export function tuttiBy(policy: PolicyName): Contender {
  return createTutti(policy, { routes: [{ match: '*', policy }] });
}

interface Ways {
  readonly resume?: boolean;
  readonly knows?: boolean;
  readonly routes?: readonly Route[];
}

function createTutti(name: string, ways: Ways = {}): Contender {
  return { name, start: (world) => startTutti(world, ways) };
}

function startTutti(world: World, { resume = false, knows = false, routes = [] }: Ways): Player {
  const { timeline: clock, nodes, random } = world;
  const journeys = new Map<string, Journey>();
  const cluster = createCluster({
    ...{ clock, random, routes: () => routes },
    ...(knows && { estimates: knowingEstimates(world) }),
  });
  const budget = createRetryBudget({ clock });
  const generate = resumed({ clock, budget }, retried({ clock, random, budget }, dispatched(cluster, clock)));
  const nextTicket = ticketMachine();
  const agents = nodes.map((node) =>
    connectAgent({
      ...{ world, node, cluster },
      work: (call, { requestId }) => workOf(journeys.get(requestId)!, call),
    }),
  );

  const travel = async (journey: Journey, context: Context): Promise<void> => {
    const { call, listener } = journey;
    try {
      // Who is known to say no more loses nothing by the limit.
      const limit = knows && { numPredict: call.outputTokens };
      for await (const { kind } of generate({ ...callOf(call), ...limit }, context)) {
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
        resume,
      });
    },
    evictions: () => agents.reduce((sum, agent) => sum + agent.evictions, 0),
  };
}

function workOf(journey: Journey, call: Call): SimulatedWork {
  const { promptTokens, outputTokens, prefix } = journey.call;
  const said = wordsSaid(call);
  // Zero tokens would be an embedding.
  const rest = said === 0 ? outputTokens : Math.max(1, outputTokens - said);
  return {
    ...{ promptTokens: promptTokens + said, outputTokens: rest, prefix },
    observer: {
      started: () => journey.listener.started(),
      firstToken: ({ cachedTokens }) => (journey.cachedTokens = cachedTokens),
      ended({ truncated }) {
        journey.model = call.model;
        journey.truncated = truncated;
      },
    },
  };
}

/** Of an answer that goes on, what stands in the call already; a simulated model says one word a token. */
function wordsSaid({ kind }: Call): number {
  const last = kind.case === 'chat' ? kind.value.messages.at(-1) : undefined;
  if (last?.role !== 'assistant') return 0;
  return last.parts.reduce(
    (sum, part) => sum + (part.kind.case === 'text' ? part.kind.value.split(' ').length - 1 : 0),
    0,
  );
}
