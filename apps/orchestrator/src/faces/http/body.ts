import type { FastifyRequest } from 'fastify';

/** The request's body as text; "" if there is none. */
export function bodyOf(request: FastifyRequest): string {
  return typeof request.body === 'string' ? request.body : '';
}
