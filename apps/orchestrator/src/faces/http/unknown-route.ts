import type { FastifyInstance, FastifyReply, FastifyRequest, HTTPMethods } from 'fastify';
import { ClusterError } from '@tutti/core';

const methods: readonly HTTPMethods[] = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'];

/**
 * What to answer where no route is. "options": the reply has been sent, with the methods that there are. Whether a
 * browser's page may use them is another question, which has been answered before.
 */
export function unknownRoute(
  app: FastifyInstance,
  request: FastifyRequest,
  reply: FastifyReply,
): ClusterError | 'options' {
  const path = request.url.split('?', 1)[0]!;
  const allowed = methods.filter((method) => app.findRoute({ method, url: path }) !== null);
  if (allowed.length === 0) return new ClusterError('not_found', `There is nothing at ${request.method} ${path}.`);
  reply.header('allow', [...allowed, 'OPTIONS'].join(', '));
  if (request.method === 'OPTIONS') {
    void reply.code(204).send();
    return 'options';
  }
  return new ClusterError(
    'method_not_allowed',
    `${request.method} is not allowed at ${path}; use ${allowed.join(' or ')}.`,
  );
}
