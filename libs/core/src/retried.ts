import { progress } from './chunk.ts';
import { ClusterError } from './error.ts';
import type { Chunk, Generate } from './generate.ts';
import { pause } from './pause.ts';
import type { Clock, Random } from './ports.ts';
import { throwIfAborted } from './signal.ts';
import { ticketWithout, type Ticket } from './ticket.ts';

interface Options {
  readonly clock: Clock;
  readonly random: Random;
  /** Most attempts, the first one included; each on another node. */
  readonly attempts?: number;
}

/**
 * Tries a call again on another node, as long as nothing of an answer has gone out: the first delta commits the call,
 * and what fails after that fails. The call keeps its place in the queue.
 */
export function retried({ clock, random, attempts = 3 }: Options, next: Generate): Generate {
  return async function* (call, context) {
    let { ticket } = context;
    let earlier: ClusterError | undefined;
    for (;;) {
      let committed = false;
      let node: string | undefined;
      try {
        for await (const chunk of next(call, { ...context, ticket })) {
          committed ||= chunk.kind.case === 'delta';
          node = nodeOf(chunk) ?? node;
          yield chunk;
        }
        return;
      } catch (thrown) {
        const error = ClusterError.from(thrown);
        // Nobody is left to ask: what the last node said tells more than that.
        if (earlier && node === undefined) throw earlier;
        if (committed || context.signal.aborted || error.retry !== 'elsewhere' || ticket.attempt >= attempts)
          throw error;
        // Nobody could be asked, so nobody else can be.
        if (node === undefined) throw error;
        earlier = error;
      }
      yield progress({ case: 'retrying', value: { reason: earlier.reason, attempt: ticket.attempt } });
      const delayMs = backoffMs(earlier, ticket, random);
      if (delayMs > 0) await pause(clock, delayMs, context.signal);
      throwIfAborted(context.signal);
      ticket = ticketWithout(ticket, node);
    }
  };
}

function nodeOf({ kind }: Chunk): string | undefined {
  if (kind.case !== 'progress' || kind.value.kind.case !== 'dispatched') return undefined;
  return kind.value.kind.value.node;
}

/** Full jitter; a node that could not be reached says nothing about the next one, so that costs no wait. */
function backoffMs(error: ClusterError, { attempt }: Ticket, random: Random): number {
  return error.reason === 'node_unreachable' ? 0 : random() * Math.min(1_000, 50 * 2 ** attempt);
}
