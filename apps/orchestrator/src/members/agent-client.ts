import {
  ClusterError,
  linkedController,
  oneByOne,
  type Call,
  type Chunk,
  type Clock,
  type Context,
  type Generate,
} from '@tutti/core';
import type { AgentService } from '@tutti/proto/tutti/agent/v1/agent';
import type { Client } from '@tutti/rpc';

/** Which registration of which agent process is meant: an agent refuses what is meant for another. */
export interface Standing {
  readonly owner: string;
  readonly epoch: number;
  readonly bootId: string;
}

/** An agent, for calls. */
export interface RemoteNode {
  /** `context.signal` bounds the call: a deadline of gRPC's own costs a tenth of a request's CPU. */
  readonly generate: Generate;
  /** Ends every running call with this error. */
  cut(error: ClusterError): void;
}

/** An agent says at once whether it has a slot. */
const acceptedMs = 15_000;

/** `running`: the calls in flight; those of the agent's registrations before this one may be among them. */
export function remoteNode(
  agent: Client<typeof AgentService>,
  standing: Standing,
  node: string,
  clock: Clock,
  running = new Set<AbortController>(),
): RemoteNode {
  const silence = `Node ${node} took the call and has not said in ${acceptedMs / 1_000} s whether it has a slot.`;
  const answer = async function* (call: Call, context: Context): AsyncGenerator<readonly Chunk[]> {
    const { controller, unlink } = linkedController(context.signal);
    const { signal } = controller;
    running.add(controller);
    const stopTimer = clock.after(acceptedMs, () => controller.abort(new ClusterError('node_unreachable', silence)));
    try {
      const request = { call, dispatch: dispatchFor(standing, context) };
      let finished = false;
      for await (const { chunks } of agent.invoke(request, { signal, deadlineMs: Infinity })) {
        stopTimer();
        if (finished) continue;
        const last = chunks.findIndex(({ kind }) => kind.case === 'done');
        finished = last >= 0;
        yield finished ? chunks.slice(0, last + 1) : chunks;
      }
      if (!finished) throw new ClusterError('bad_upstream', `Node ${node} ended the answer before it was complete.`);
    } finally {
      stopTimer();
      running.delete(controller);
      unlink();
    }
  };
  return {
    generate: (call, context) => oneByOne(answer(call, context)),
    cut(error) {
      for (const controller of running) controller.abort(error);
    },
  };
}

function dispatchFor(standing: Standing, context: Context) {
  const { requestId, ticket, priority, privacy, hops, principal, traceparent = '', evict = [] } = context;
  return {
    ...standing,
    requestId,
    attempt: ticket.attempt,
    hops: hops + 1,
    priority,
    privacy,
    traceparent,
    evict: [...evict],
    client: principal.id,
  };
}
