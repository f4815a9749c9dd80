import { ClusterError, type Context, type Generate } from '@tutti/core';
import type { AgentService } from '@tutti/proto/tutti/agent/v1/agent';
import type { Client } from '@tutti/rpc';

/** Which registration of which agent process is meant: an agent refuses what is meant for another. */
export interface Standing {
  readonly owner: string;
  readonly epoch: number;
  readonly bootId: string;
}

/** An agent as a Generate. `context.signal` bounds the call: a deadline of gRPC's own costs a tenth of a request's CPU. */
export function remoteGenerate(agent: Client<typeof AgentService>, standing: Standing, node: string): Generate {
  return async function* (call, context) {
    const request = { call, dispatch: dispatchFor(standing, context) };
    let finished = false;
    for await (const { chunks } of agent.invoke(request, { signal: context.signal, deadlineMs: Infinity })) {
      for (const chunk of chunks) {
        if (finished) break;
        finished = chunk.kind.case === 'done';
        yield chunk;
      }
    }
    if (!finished) throw new ClusterError('bad_upstream', `Node ${node} ended the answer before it was complete.`);
  };
}

function dispatchFor(standing: Standing, { requestId, ticket, priority, privacy, hops }: Context) {
  return { ...standing, requestId, attempt: ticket.attempt, hops: hops + 1, priority, privacy };
}
