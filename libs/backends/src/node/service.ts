import { ClusterError, localPrincipal, Priority, Privacy, type Context, type Generate } from '@tutti/core';
import type { AgentService } from '@tutti/proto/tutti/agent/v1/agent';
import type { Dispatch } from '@tutti/proto/tutti/agent/v1/dispatch';
import { Verb, type ModelService } from '@tutti/proto/tutti/agent/v1/model';
import { inTurns, type HandlerContext, type Implementation } from '@tutti/rpc';
import type { Backend } from '../backend.ts';
import type { StateFeed } from './state-feed.ts';

/** Orchestrators that a request may pass: one more is a loop. */
const mostHops = 2;

/** The node's standing with whoever calls it. */
export interface Standing {
  /** Throws `stale_epoch` unless the dispatch means this process, under its last registration with the sender. */
  check(dispatch: Dispatch): void;
  /** A caller has stopped watching. */
  nudge(owner: string): void;
}

interface Options {
  readonly generate: Generate;
  readonly feed: Pick<StateFeed, 'watch'>;
  readonly standing: Standing;
}

export function agentService({ generate, feed, standing }: Options): Implementation<typeof AgentService> {
  return {
    async *invoke({ call, dispatch }, handler) {
      if (!call) throw new ClusterError('invalid_request', 'The request has no call.', { param: 'call' });
      // Whoever calls by hand has no registration to be checked.
      if (dispatch) standing.check(dispatch);
      const context = contextFor(dispatch, handler);
      for await (const chunks of inTurns(generate(call, context))) yield { chunks };
    },
    async *watch({ owner }, { signal }) {
      try {
        for await (const state of feed.watch(signal)) yield { state };
      } finally {
        standing.nudge(owner);
      }
    },
  };
}

/** `changed` is called when a verb has ended, well or not: the node may have other models than before. */
export function modelService(
  backend: Pick<Backend, 'verb'>,
  changed: () => void,
): Pick<Implementation<typeof ModelService>, 'verb'> {
  return {
    async *verb(request, { signal }) {
      try {
        for await (const lines of inTurns(backend.verb(request, signal))) yield { lines };
      } finally {
        if (request.verb !== Verb.SHOW) changed();
      }
    },
  };
}

function contextFor(dispatch: Dispatch | undefined, { signal }: HandlerContext): Context {
  const hops = dispatch?.hops ?? 0;
  if (hops > mostHops) {
    throw new ClusterError(
      'invalid_request',
      `The request has passed ${hops} orchestrators: this agent stands behind itself.`,
    );
  }
  return {
    signal,
    hops,
    requestId: dispatch?.requestId ?? '',
    principal: { ...localPrincipal, id: dispatch?.owner ?? '' },
    priority: dispatch?.priority ?? Priority.DEFAULT,
    privacy: dispatch?.privacy ?? Privacy.CLUSTER,
    ticket: { sequence: 0, attempt: dispatch?.attempt ?? 1, excluded: new Set(), place: {} },
    ...(dispatch && dispatch.evict.length > 0 && { evict: dispatch.evict }),
    ...(dispatch?.traceparent && { traceparent: dispatch.traceparent }),
  };
}
