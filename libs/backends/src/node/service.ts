import { ClusterError, localPrincipal, Priority, Privacy, type Context, type Generate } from '@tutti/core';
import type { AgentService } from '@tutti/proto/tutti/agent/v1/agent';
import type { Dispatch } from '@tutti/proto/tutti/agent/v1/dispatch';
import { Verb, type ModelService, type PutBlobRequest } from '@tutti/proto/tutti/agent/v1/model';
import { inTurns, type HandlerContext, type Implementation } from '@tutti/rpc';
import type { Backend, Blobs } from '../backend.ts';
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

interface ModelPorts {
  readonly verb: Backend['verb'];
  readonly blobs: Blobs | undefined;
  /** Called when a verb has ended, well or not: the node may have other models than before. */
  readonly changed: () => void;
}

export function modelService({ verb, blobs, changed }: ModelPorts): Implementation<typeof ModelService> {
  const store = (): Blobs => {
    if (blobs) return blobs;
    throw new ClusterError('not_implemented', "This node's backend has no blobs; use one with an Ollama.");
  };
  return {
    async *verb(request, { signal }) {
      try {
        for await (const lines of inTurns(verb(request, signal))) yield { lines };
      } finally {
        if (request.verb !== Verb.SHOW) changed();
      }
    },
    hasBlob: async ({ digest }, { signal }) => ({ exists: await store().has(checkedDigest(digest), signal) }),
    async putBlob(requests, { signal }) {
      const rest = requests[Symbol.asyncIterator]();
      const first = await rest.next();
      const digest = checkedDigest(first.done ? '' : first.value.digest);
      if (await store().has(digest, signal)) return { existed: true };
      await store().put(digest, piecesOf(first.value, rest), signal);
      return { existed: false };
    },
    async *getBlob({ digest }, { signal }) {
      for await (const data of store().get(checkedDigest(digest), signal)) yield { data };
    },
  };
}

/** It becomes a part of paths. */
function checkedDigest(digest: string): string {
  if (/^sha256:[\da-f]{64}$/.test(digest)) return digest;
  throw new ClusterError('invalid_request', 'invalid digest format', { param: 'digest' });
}

async function* piecesOf(first: PutBlobRequest, rest: AsyncIterator<PutBlobRequest>): AsyncIterable<Uint8Array> {
  if (first.data.length > 0) yield first.data;
  for (let next = await rest.next(); !next.done; next = await rest.next()) yield next.value.data;
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
    ...(dispatch?.client && { client: dispatch.client }),
    ...(dispatch?.traceparent && { traceparent: dispatch.traceparent }),
  };
}
