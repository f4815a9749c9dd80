import { randomUUID } from 'node:crypto';
import {
  canonicalModel,
  ClusterError,
  linkedController,
  localPrincipal,
  type Generate,
  type Ticket,
} from '@tutti/core';
import { expectJson } from '@tutti/dialects/call';
import type { InferenceService } from '@tutti/proto/tutti/v1/inference';
import { inTurns, type Implementation } from '@tutti/rpc';
import type { Enter } from '../door.ts';
import { readCaller } from '../caller/caller.ts';

interface Options {
  readonly generate: Generate;
  readonly nextTicket: () => Ticket;
  readonly enter: Enter;
}

const longestId = 128;

/** Runs calls for those who speak gRPC or Connect. */
export function inferenceService({ generate, nextTicket, enter }: Options): Implementation<typeof InferenceService> {
  return {
    async *generate({ call }, { metadata, signal, principal = localPrincipal }) {
      if (!call) throw new ClusterError('invalid_request', 'The request has no call.', { param: 'call' });
      if (call.model === '') throw new ClusterError('invalid_request', 'model is required', { param: 'model' });
      expectJson(call);
      const { controller, unlink } = linkedController(signal);
      const caller = readCaller((name) => metadata.get(name), principal);
      const requestId = metadata.get('x-request-id')?.slice(0, longestId) ?? randomUUID();
      const context = { ...caller, requestId, signal: controller.signal, ticket: nextTicket() };
      const leave = enter((reason) => controller.abort(reason), principal);
      try {
        const chunks = generate({ ...call, model: canonicalModel(call.model) }, context);
        for await (const ready of inTurns(chunks)) yield { chunks: ready };
      } finally {
        controller.abort();
        unlink();
        leave();
      }
    },
  };
}
