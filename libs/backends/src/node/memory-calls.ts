import { create } from '@bufbuild/protobuf';
import { localPrincipal, Priority, Privacy, type Call, type Context, type Generate } from '@tutti/core';
import { CallSchema } from '@tutti/proto/tutti/agent/v1/call';
import type { Sent } from './residents.ts';

/** How long a model stays in memory when nobody asks for it: the cluster decides who goes, and no timer before it. */
export const longKeepAliveMs = 24 * 60 * 60_000;

/** Brings a model into memory. */
export function loadCall(model: string, { numCtx, options }: Sent, embeds: boolean): Call {
  return create(CallSchema, {
    model,
    keepAliveMs: longKeepAliveMs,
    optionsJson: options,
    ...(numCtx !== undefined && { numCtx: { preferred: numCtx } }),
    kind: embeds ? { case: 'embed', value: {} } : { case: 'completion', value: {} },
  });
}

/** Takes a model out of memory. */
export function unloadCall(model: string): Call {
  return create(CallSchema, { model, keepAliveMs: 0, kind: { case: 'completion', value: {} } });
}

/** The context of what the agent asks on its own account. */
function ownContext(signal: AbortSignal): Context {
  return {
    signal,
    requestId: '',
    principal: localPrincipal,
    priority: Priority.DEFAULT,
    privacy: Privacy.LOCAL,
    hops: 0,
    ticket: { sequence: 0, attempt: 1, excluded: new Set(), place: {} },
  };
}

/** Runs a call for its effect. Rejects with what it fails with. */
export async function run(generate: Generate, call: Call, signal: AbortSignal): Promise<void> {
  for await (const _ of generate(call, ownContext(signal)));
}
