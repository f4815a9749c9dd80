import { progress } from './chunk.ts';
import type { Cluster, Lease } from './cluster.ts';
import { ClusterError } from './error.ts';
import type { Generate } from './generate.ts';

/**
 * Waits for a node, runs the call there, gives the slot back; whatever ends it. A node without a free slot costs the
 * call neither its place nor an attempt.
 */
export function dispatched(cluster: Cluster): Generate {
  return async function* (call, context) {
    for (;;) {
      const request = cluster.request(call, context);
      let lease: Lease | undefined;
      try {
        const { position } = request;
        if (position !== undefined) yield progress({ case: 'queued', value: { position } });
        lease = await request.lease;
        const { node, reason, generate } = lease;
        yield progress({ case: 'dispatched', value: { node, reason, attempt: context.ticket.attempt } });
        yield* generate(call, context);
        return;
      } catch (thrown) {
        if (!lease || ClusterError.from(thrown).reason !== 'no_slot') throw thrown;
        lease.refused();
      } finally {
        request.release();
      }
    }
  };
}
