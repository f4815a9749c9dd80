import type { FastifyReply, FastifyRequest } from 'fastify';

/** Headers of answers that a page of another origin may read. */
const readable = [
  'idempotent-replayed',
  'retry-after',
  'retry-after-ms',
  'x-ratelimit-limit-requests',
  'x-ratelimit-remaining-requests',
  'x-ratelimit-reset-requests',
  'x-request-id',
  'x-should-retry',
  'x-tutti-attempts',
  'x-tutti-cache',
  'x-tutti-fallback',
  'x-tutti-model',
  'x-tutti-node',
  'x-tutti-parameters',
  'x-tutti-privacy',
  'x-tutti-queue-ms',
  'x-tutti-route',
];

/** How long a browser remembers a preflight's answer. */
const preflightSeconds = 600;

/** Lets a page that has been found allowed read the answer. Cookies are not for it: it shows a key. */
export function allowPage(reply: FastifyReply, origin: string): void {
  reply.headers({
    'access-control-allow-origin': origin,
    'access-control-expose-headers': readable.join(', '),
    vary: 'origin',
  });
}

/** A browser asks, before it sends the request itself, whether the page may. */
export function isPreflight({ method, headers }: FastifyRequest): boolean {
  return method === 'OPTIONS' && headers['access-control-request-method'] !== undefined;
}

/** Yes to an allowed page, whatever it is going to send: the request itself is checked again. */
export function answerPreflight({ headers }: FastifyRequest, reply: FastifyReply): FastifyReply {
  const asked = headers['access-control-request-headers'];
  const network = headers['access-control-request-private-network'];
  return reply
    .code(204)
    .headers({
      'access-control-allow-methods': 'GET, HEAD, POST, PUT, PATCH, DELETE',
      'access-control-max-age': String(preflightSeconds),
      ...(asked !== undefined && { 'access-control-allow-headers': asked }),
      ...(network !== undefined && { 'access-control-allow-private-network': 'true' }),
    })
    .send();
}
