import type { FastifyRequest } from 'fastify';
import { Privacy, type Context, type Ticket } from '@tutti/core';
import { readCaller, readPrivacy } from '../../caller/caller.ts';
import { choice, type Header } from '../../caller/header.ts';

const cacheHeader = 'x-tutti-cache';

const parametersHeader = 'x-tutti-parameters';

/** What a request's headers say about how its call is to be run. A wish that cannot be kept is refused, never ignored. */
export function readContext(request: FastifyRequest, signal: AbortSignal, ticket: Ticket): Context {
  const header = headerOf(request);
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

/** Whether the request's text may not leave this machine, so that no store may get it. */
export function staysHere(request: Pick<FastifyRequest, 'headers'>): boolean {
  return readPrivacy(headerOf(request)) === Privacy.LOCAL;
}

function headerOf({ headers }: Pick<FastifyRequest, 'headers'>): Header {
  return (name) => {
    const value = headers[name];
    return Array.isArray(value) ? value[0] : value;
  };
}

/** Whether the cluster is asked to choose the sampling options that the request does not set. */
export function leavesParameters({ headers }: Pick<FastifyRequest, 'headers'>): boolean {
  return headers[parametersHeader] === 'auto';
}
