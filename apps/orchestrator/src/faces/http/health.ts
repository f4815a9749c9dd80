import type { FastifyInstance } from 'fastify';
import type { Cluster } from '@tutti/core/cluster';
import { Permission } from '@tutti/proto/tutti/v1/options';

interface Options {
  readonly cluster: Cluster;
  /** Whether the process has begun to stop. */
  readonly stopping: () => boolean;
}

/** `/livez`: the process runs. `/readyz`: it can answer. `/health`: both, for people and dashboards. Open to all: counts only. */
export function healthFace(app: FastifyInstance, { cluster, stopping }: Options): void {
  const nodes = () => ({ healthy: cluster.nodes.filter((node) => node.ready).length, total: cluster.nodes.length });
  const ready = (): boolean => !stopping() && nodes().healthy > 0;
  const config = { permission: Permission.PUBLIC };

  app.get('/livez', { config }, async () => ({ status: 'ok' }));

  app.get('/readyz', { config }, async (_, reply) => {
    const status = ready() ? 'ok' : stopping() ? 'stopping' : 'no node is ready';
    return reply.code(ready() ? 200 : 503).send({ status, nodes: nodes() });
  });

  app.get('/health', { config }, async () => ({
    status: ready() ? 'ok' : 'degraded',
    nodes: nodes(),
    waiting: cluster.waiting,
  }));
}
