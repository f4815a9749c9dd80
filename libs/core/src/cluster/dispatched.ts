import type { Cluster, Lease, Request } from './cluster.ts';
import { progress } from '../chunk.ts';
import { ClusterError } from '../error.ts';
import type { Chunk, Generate } from '../generate.ts';
import type { Clock } from '../ports.ts';
import { timed } from '../timed.ts';

/** A call that is too large for so many nodes, one after another, is not placed anew at once. */
const mostTooSmall = 16;

/**
 * Waits for a node, runs the call there, gives the slot back; whatever ends it. A node without a free slot costs the
 * call neither its place nor an attempt; nor does one that has too little memory, as far as something is learnt by it.
 */
export function dispatched(cluster: Pick<Cluster, 'request'>, clock: Clock): Generate {
  return async function* (call, context) {
    let tooSmall = 0;
    for (;;) {
      const request = cluster.request(call, context);
      let lease: Lease | undefined;
      try {
        yield* places(request);
        lease = await request.lease;
        const { node, reason, evict, firstOutputMs } = lease;
        const { attempt } = context.ticket;
        yield progress({ case: 'dispatched', value: { node, reason, attempt, model: call.model } });
        const generate = timed({ clock, firstOutputMs }, lease.generate);
        for await (const chunk of generate(lease.call, evict.length > 0 ? { ...context, evict } : context)) {
          lease.observe(chunk);
          yield chunk;
        }
        lease.ended();
        return;
      } catch (thrown) {
        const error = ClusterError.from(thrown);
        if (lease && error.reason === 'no_slot') lease.refused();
        else if (lease && tooSmall < mostTooSmall && lease.tooLarge(error)) tooSmall += 1;
        else {
          lease?.ended(error);
          throw thrown;
        }
      } finally {
        request.release();
      }
    }
  };
}

/** Tells the call's place in the queue, again whenever it is another. Ends when it has been served or refused. */
async function* places(request: Request): AsyncGenerator<Chunk> {
  let told: number | undefined;
  for (let { position } = request; position !== undefined; { position } = request) {
    const { etaMs } = request;
    if (position !== told || etaMs !== undefined) {
      yield progress({ case: 'queued', value: { position, ...(etaMs !== undefined && { etaMs }) } });
    }
    told = position;
    await request.moved();
  }
}
