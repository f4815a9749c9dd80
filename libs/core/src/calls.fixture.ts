import { create } from '@bufbuild/protobuf';
import { CallSchema } from '@tutti/proto/tutti/agent/v1/call';
import { NodeStateSchema, type NodeState } from '@tutti/proto/tutti/agent/v1/state';
import { Priority, Privacy, type Call, type Chunk, type Context, type Generate } from './generate.ts';
import { done, delta } from './chunk.ts';
import { localPrincipal } from './principal.ts';
import { ticketMachine } from './ticket.ts';

const nextTicket = ticketMachine();

/** A chat with one model. */
export function callFor(model: string): Call {
  return create(CallSchema, { model, kind: { case: 'chat', value: { messages: [{ role: 'user' }] } } });
}

/** The context of a call that just arrived. */
export function contextWith(changes: Partial<Context> = {}): Context {
  return {
    signal: new AbortController().signal,
    requestId: 'r1',
    principal: localPrincipal,
    priority: Priority.DEFAULT,
    privacy: Privacy.CLUSTER,
    hops: 0,
    ticket: nextTicket(),
    ...changes,
  };
}

interface StateFacts {
  readonly models?: readonly string[];
  readonly resident?: readonly string[];
  readonly slots?: number;
  readonly perRunner?: number;
  readonly draining?: boolean;
  readonly problem?: string;
}

/** What a node reports. */
export function stateWith({
  models = ['m'],
  resident = [],
  slots = 1,
  perRunner = slots,
  draining = false,
  problem = '',
}: StateFacts = {}): NodeState {
  return create(NodeStateSchema, {
    models: models.map((name) => ({ name })),
    runners: resident.map((model) => ({ model })),
    slots: { total: slots, perRunner },
    backend: { problem },
    draining,
  });
}

/** A node that says one word and ends. */
export const sayHello: Generate = async function* () {
  yield delta({ text: 'hello' });
  yield done({ reason: 'stop' });
};

/** Reads an answer to its end, or to the error that ends it. */
export async function collect(
  chunks: AsyncIterable<Chunk>,
): Promise<{ kinds: string[]; text: string; error?: unknown }> {
  const kinds: string[] = [];
  let text = '';
  try {
    for await (const { kind } of chunks) {
      kinds.push(kind.case === 'progress' ? kind.value.kind.case! : kind.case!);
      if (kind.case === 'delta') text += kind.value.text;
    }
    return { kinds, text };
  } catch (error) {
    return { kinds, text, error };
  }
}
