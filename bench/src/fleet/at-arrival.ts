import { canRun, type FleetCall, type MachineCall, type MachineListener } from '@tutti/simulation';
import type { CallListener, Contender, World, WorldNode } from './contender.ts';

/** A node that can run a call, as a balancer sees it. */
export interface Candidate {
  readonly node: WorldNode;
  /** The balancer's own calls on it. */
  readonly inFlight: number;
}

type Choose = (call: FleetCall, candidates: readonly Candidate[], world: World) => Candidate;

/**
 * A balancer in front of bare Ollamas: it binds each call when it comes and sends it as it is. It knows better than
 * real ones in one thing: which machines have the model and room for the context that is asked for.
 */
export function atArrival(name: string, createChoose: () => Choose): Contender {
  return {
    name,
    start(world) {
      const choose = createChoose();
      const inFlight = new Map<WorldNode, number>();
      const change = (node: WorldNode, by: 1 | -1): void => void inFlight.set(node, (inFlight.get(node) ?? 0) + by);
      return {
        send(call, listener) {
          const candidates = able(world, call).map((node) => ({ node, inFlight: inFlight.get(node) ?? 0 }));
          if (candidates.length === 0) return listener.failed('failed');
          const { node } = choose(call, candidates, world);
          change(node, 1);
          const sent = machineCall(call);
          node.machine.submit(
            sent,
            told(listener, sent, () => change(node, -1)),
          );
        },
      };
    },
  };
}

/**
 * Nodes that have the model and room for the context that the call asks for. One that is down refuses the connection:
 * that costs nothing, and any balancer takes another.
 */
export function able({ nodes, fleet }: World, call: FleetCall): WorldNode[] {
  const model = fleet.models.find(({ name }) => name === call.model)!;
  return nodes.filter((node) => node.condition.reach !== 'down' && canRun(node, model, call.numCtx));
}

/** The call as its client sends it. */
export function machineCall({ model, numCtx, promptTokens, outputTokens, prefix }: FleetCall): MachineCall {
  return { model, promptTokens, outputTokens, prefix, ...(numCtx !== undefined && { numCtx }) };
}

/** Tells the client what the machine tells; `over` is called when the call has left the machine. */
export function told(listener: CallListener, { model }: MachineCall, over: () => void): MachineListener {
  return {
    started: () => listener.started(),
    firstToken: ({ cachedTokens }) => listener.firstToken(cachedTokens),
    ended({ truncated }) {
      over();
      listener.ended({ model, truncated });
    },
    failed() {
      over();
      listener.failed('failed');
    },
  };
}
