import { create, type MessageInitShape } from '@bufbuild/protobuf';
import {
  ClusterError,
  localPrincipal,
  Priority,
  Privacy,
  progress,
  ticketMachine,
  type Call,
  type Context,
} from '@tutti/core';
import type { Reason, Watcher } from '@tutti/core';
import { CallSchema } from '@tutti/proto/tutti/agent/v1/call';
import { ChunkSchema, type DoneSchema } from '@tutti/proto/tutti/agent/v1/chunk';
import type { VirtualClock } from '@tutti/testing';

const nextTicket = ticketMachine();

/** A request as a test wants it. Times are milliseconds of its own. */
export interface Traffic {
  readonly id?: string;
  readonly model?: string;
  readonly kind?: 'chat' | 'completion' | 'embed';
  readonly dialect?: string;
  /** The node that runs it; undefined: none ever does. */
  readonly node?: string;
  readonly queueMs?: number;
  /** From the choice of the node to the first delta. */
  readonly firstMs?: number;
  /** From the first delta to the end. */
  readonly restMs?: number;
  readonly done?: MessageInitShape<typeof DoneSchema>;
  readonly error?: Reason;
}

export function callOf({ model = 'm', kind = 'chat', dialect = 'ollama' }: Traffic): Call {
  return create(CallSchema, { model, dialect, kind: { case: kind, value: {} } as Call['kind'] });
}

export function contextOf({ id = 'r1' }: Traffic): Context {
  return {
    signal: new AbortController().signal,
    requestId: id,
    principal: { ...localPrincipal, id: 'key1' },
    priority: Priority.DEFAULT,
    privacy: Privacy.CLUSTER,
    hops: 0,
    ticket: nextTicket(),
  };
}

/** Lets one request pass before a watcher, from its arrival to its end. */
export async function pass(
  watch: (call: Call, context: Context) => Watcher,
  clock: VirtualClock,
  traffic: Traffic = {},
): Promise<void> {
  const { node, queueMs = 0, firstMs = 0, restMs = 0, done = {}, error } = traffic;
  const watcher = watch(callOf(traffic), contextOf(traffic));
  await clock.advance(queueMs);
  if (node !== undefined) watcher.see(chosen(node));
  await clock.advance(firstMs);
  if (node !== undefined && !error) watcher.see(create(ChunkSchema, { kind: { case: 'delta', value: { text: 'x' } } }));
  await clock.advance(restMs);
  if (!error) watcher.see(create(ChunkSchema, { kind: { case: 'done', value: done } }));
  watcher.end(error && new ClusterError(error, 'told'));
}

/** The chunk that tells which node was chosen. */
export function chosen(node: string, attempt = 1) {
  return progress({ case: 'dispatched', value: { node, reason: `because ${node}`, attempt } });
}
