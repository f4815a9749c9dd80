import { ClusterError, linkedController, type Context, type Generate } from '@tutti/core';
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

export function remoteNode(agent: Client<typeof AgentService>, standing: Standing, node: string): RemoteNode {
  const running = new Set<AbortController>();
  return {
    async *generate(call, context) {
      const { controller, unlink } = linkedController(context.signal);
      const { signal } = controller;
      running.add(controller);
      try {
        const request = { call, dispatch: dispatchFor(standing, context) };
        let finished = false;
        for await (const { chunks } of agent.invoke(request, { signal, deadlineMs: Infinity })) {
          for (const chunk of chunks) {
            if (finished) break;
            finished = chunk.kind.case === 'done';
            yield chunk;
          }
        }
        if (!finished) throw new ClusterError('bad_upstream', `Node ${node} ended the answer before it was complete.`);
      } finally {
        running.delete(controller);
        unlink();
      }
    },
    cut(error) {
      for (const controller of running) controller.abort(error);
    },
  };
}

function dispatchFor(standing: Standing, context: Context) {
  const { requestId, ticket, priority, privacy, hops, traceparent = '' } = context;
  return { ...standing, requestId, attempt: ticket.attempt, hops: hops + 1, priority, privacy, traceparent };
}
