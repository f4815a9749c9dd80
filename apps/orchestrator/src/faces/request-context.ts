import type { FastifyRequest } from 'fastify';
import { ClusterError, priorities, Priority, Privacy, type Context, type Principal, type Ticket } from '@tutti/core';

const privacies: Readonly<Record<string, Privacy>> = {
  cluster: Privacy.CLUSTER,
  any: Privacy.ANY,
};

/** What a request's headers say about how its call is to be run. A wish that cannot be kept is refused, never ignored. */
export function readContext(request: FastifyRequest, signal: AbortSignal, ticket: Ticket): Context {
  if (header(request, 'x-tutti-privacy') === 'local') {
    throw new ClusterError('not_implemented', 'x-tutti-privacy: local is not implemented yet; use cluster.', {
      param: 'x-tutti-privacy',
    });
  }
  const pin = header(request, 'x-tutti-node');
  const traceparent = header(request, 'traceparent');
  return {
    signal,
    requestId: request.id,
    principal: request.principal,
    priority: choice(request, 'x-tutti-priority', priorities) ?? usualPriority(request.principal),
    privacy: choice(request, 'x-tutti-privacy', privacies) ?? Privacy.CLUSTER,
    hops: hopsOf(request),
    ticket,
    ...(pin && { pin }),
    ...(traceparent && { traceparent }),
  };
}

/** Most clients cannot ask for a priority: then it is one that their key may have. */
function usualPriority({ classes }: Principal): Priority {
  return !classes || classes.includes(Priority.DEFAULT) ? Priority.DEFAULT : (classes[0] ?? Priority.DEFAULT);
}

function hopsOf(request: FastifyRequest): number {
  const text = header(request, 'x-tutti-hops') ?? '0';
  if (/^\d{1,3}$/.test(text)) return Number(text);
  throw new ClusterError('invalid_request', `x-tutti-hops must be a small number, got "${text}".`, {
    param: 'x-tutti-hops',
  });
}

function choice<T>(request: FastifyRequest, name: string, choices: Readonly<Record<string, T>>): T | undefined {
  const value = header(request, name);
  if (value === undefined) return undefined;
  if (Object.hasOwn(choices, value)) return choices[value];
  throw new ClusterError(
    'invalid_request',
    `${name} must be one of ${Object.keys(choices).join(', ')}, got "${value}".`,
    {
      param: name,
    },
  );
}

function header(request: FastifyRequest, name: string): string | undefined {
  const value = request.headers[name];
  return Array.isArray(value) ? value[0] : value;
}
