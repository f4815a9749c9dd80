import type { Principal } from '@tutti/core';
import type { Permission } from '@tutti/proto/tutti/v1/options';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** What a caller of this route must be allowed to do. A server with a route without one does not start. */
    permission?: Permission;
  }

  interface FastifyRequest {
    /** Who asks; set before any handler runs. */
    principal: Principal;
  }
}
