import type { Principal } from '@tutti/core';
import type { Permission } from '@tutti/proto/tutti/v1/options';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** What a caller of this route must be allowed to do. A route without one is refused when it is added. */
    permission?: Permission;
  }

  interface FastifyRequest {
    /** Who asks; set before any handler runs. */
    principal: Principal;
  }
}
