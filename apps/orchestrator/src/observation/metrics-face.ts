import type { FastifyInstance } from 'fastify';
import { Permission } from '@tutti/proto/tutti/v1/options';
import type { Registry } from '@tutti/runtime/metrics';

/** Prometheus's text, where Prometheus looks for it and where the admin's API has it. */
export function metricsFace(app: FastifyInstance, registry: Registry): void {
  for (const path of ['/metrics', '/admin/metrics/prometheus']) {
    app.get(path, { config: { permission: Permission.VIEW } }, async (_, reply) =>
      reply.type(registry.contentType).send(await registry.text()),
    );
  }
}
