import type { FastifyRequest } from 'fastify';
import type { Context, Ticket } from '@tutti/core';
import { readCaller } from '../../caller/caller.ts';
import { choice, type Header } from '../../caller/header.ts';

const cacheHeader = 'x-tutti-cache';

const parametersHeader = 'x-tutti-parameters';

/** What a request's headers say about how its call is to be run. A wish that cannot be kept is refused, never ignored. */
export function readContext(request: FastifyRequest, signal: AbortSignal, ticket: Ticket): Context {
  const header: Header = (name) => {
    const value = request.headers[name];
    return Array.isArray(value) ? value[0] : value;
  };
  const traceparent = header('traceparent');
  const cache = choice(header, cacheHeader, { use: 'use' as const, bypass: 'bypass' as const });
  const parameters = choice(header, parametersHeader, { auto: 'auto' as const });
  return {
    ...readCaller(header, request.principal),
    ...{
      signal,
      requestId: request.id,
      ticket,
      ...(traceparent && { traceparent }),
      ...(parameters && { parameters }),
      ...(cache && { cache }),
    },
  };
}

/** Whether the cluster is asked to choose the sampling options that the request does not set. */
export function leavesParameters({ headers }: Pick<FastifyRequest, 'headers'>): boolean {
  return headers[parametersHeader] === 'auto';
}
