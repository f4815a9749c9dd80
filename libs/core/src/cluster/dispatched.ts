import type { Cluster, Lease, Request } from './cluster.ts';
import { progress } from '../chunk.ts';
import { ClusterError } from '../error.ts';
import type { Call, Chunk, Context, Generate } from '../generate.ts';
import type { Clock } from '../ports.ts';
import { beginning } from '../streams/beginning.ts';
import { opened } from '../streams/opened.ts';
import { streamOf, type Stream } from '../streams/stream.ts';
import { tapped } from '../streams/tapped.ts';
import { timed } from '../timed.ts';

/** A call that is too large for so many nodes, one after another, is not placed anew at once. */
const mostTooSmall = 16;

/**
 * Waits for a node, runs the call there, gives the slot back; whatever ends it. A node without a free slot costs the
 * call neither its place nor an attempt; nor does one that has too little memory, as far as something is learnt by it.
 */
export function dispatched(cluster: Pick<Cluster, 'request'>, clock: Clock): Generate {
  const run = async function* (call: Call, context: Context): AsyncGenerator<Chunk, Stream<Chunk> | undefined> {
    let tooSmall = 0;
    for (;;) {
      const request = cluster.request(call, context);
      let lease: Lease | undefined;
      let begun = false;
      try {
        yield* places(request);
        lease = await request.lease;
        const { node, reason, evict, firstOutputMs } = lease;
        const { attempt } = context.ticket;
        yield progress({ case: 'dispatched', value: { node, reason, attempt, model: call.model } });
        const generate = timed({ clock, firstOutputMs }, lease.generate);
        const chunks = streamOf(generate(lease.call, evict.length > 0 ? { ...context, evict } : context));
        begun = yield* beginning(chunks, lease.observe);
        if (begun) return restOf(chunks, request, lease);
        lease.ended();
        return undefined;
      } catch (thrown) {
        const error = ClusterError.from(thrown);
        if (lease && error.reason === 'no_slot') lease.refused();
        else if (lease && tooSmall < mostTooSmall && lease.tooLarge(error)) tooSmall += 1;
        else {
          lease?.ended(error);
          throw thrown;
        }
      } finally {
        if (!begun) request.release();
      }
    }
  };
  return (call, context) => opened(run(call, context));
}

/** Once an answer has begun, the call stays where it is. */
function restOf(chunks: Stream<Chunk>, request: Request, lease: Lease): Stream<Chunk> {
  return tapped(() => ({
    items: chunks,
    see: lease.observe,
    end(thrown) {
      lease.ended(thrown === undefined ? undefined : ClusterError.from(thrown));
      request.release();
    },
    leave: request.release,
  }));
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
