import { localPrincipal, Priority, Privacy, ticketMachine, type Principal } from '@tutti/core';
import type { FastifyRequest } from 'fastify';
import { describe, expect, it } from 'vitest';
import { readContext } from './request-context.ts';

const nextTicket = ticketMachine();

const read = (headers: Record<string, string>, principal: Principal = localPrincipal) =>
  readContext({ id: 'r1', headers, principal } as FastifyRequest, new AbortController().signal, nextTicket());

describe('the context of a request', () => {
  it('is plain if the headers say nothing', () => {
    const { signal, ticket, ...context } = read({});
    expect(signal.aborted).toBe(false);
    expect(ticket.attempt).toBe(1);
    expect(context).toEqual({
      requestId: 'r1',
      principal: localPrincipal,
      priority: Priority.DEFAULT,
      privacy: Privacy.CLUSTER,
      hops: 0,
    });
  });

  it('has the class that the key may have, if that is not the usual one', () => {
    const { BATCH, INTERACTIVE, DEFAULT } = Priority;
    expect(read({}, { ...localPrincipal, classes: [BATCH, INTERACTIVE] }).priority).toBe(BATCH);
    expect(read({}, { ...localPrincipal, classes: [BATCH, DEFAULT] }).priority).toBe(DEFAULT);
  });

  it.each([
    ['x-tutti-priority', 'batch', { priority: Priority.BATCH }],
    ['x-tutti-privacy', 'local', { privacy: Privacy.LOCAL }],
    ['x-tutti-privacy', 'any', { privacy: Privacy.ANY }],
    ['x-tutti-node', 'gpu0', { pin: 'gpu0' }],
    ['x-tutti-tier', '0', { tier: 0 }],
    ['x-tutti-tier', '100', { tier: 100 }],
    ['x-tutti-resume', 'continue', { resume: true }],
    ['x-tutti-fallback', 'llama3', { fallback: ['llama3'] }],
    ['x-tutti-fallback', 'llama3:8b, hf.co/a/b:Q4_K_M,llama3:8b', { fallback: ['llama3:8b', 'hf.co/a/b:Q4_K_M'] }],
    ['x-tutti-parameters', 'auto', { parameters: 'auto' }],
    ['x-tutti-hops', '1', { hops: 1 }],
    ['traceparent', '00-1-2-01', { traceparent: '00-1-2-01' }],
  ])('%s: %s', (name, value, expected) => {
    expect(read({ [name]: value })).toMatchObject(expected);
  });
});

describe('a wish that cannot be kept is refused', () => {
  it.each([
    ['x-tutti-priority', 'admin', 'x-tutti-priority must be one of interactive, default, batch, got "admin".'],
    ['x-tutti-privacy', 'secret', 'x-tutti-privacy must be one of local, cluster, any, got "secret".'],
    ['x-tutti-tier', '-1', 'x-tutti-tier must be a whole number from 0 to 100, got "-1".'],
    ['x-tutti-tier', '101', 'x-tutti-tier must be a whole number from 0 to 100, got "101".'],
    ['x-tutti-tier', '1.5', 'x-tutti-tier must be a whole number from 0 to 100, got "1.5".'],
    ['x-tutti-tier', 'cloud', 'x-tutti-tier must be a whole number from 0 to 100, got "cloud".'],
    ['x-tutti-tier', '', 'x-tutti-tier must be a whole number from 0 to 100, got "".'],
    ['x-tutti-resume', 'true', 'x-tutti-resume must be continue, got "true".'],
    ['x-tutti-fallback', '', 'x-tutti-fallback must be names of models with commas between, got "".'],
    ['x-tutti-fallback', 'a,,b', 'x-tutti-fallback must be names of models with commas between, got "a,,b".'],
    ['x-tutti-fallback', 'a b', 'x-tutti-fallback must be names of models with commas between, got "a b".'],
    ['x-tutti-fallback', 'a,b,c,d,e,f,g,h,i', 'x-tutti-fallback must name at most 8 models, got "a,b,c,d,e,f,g,h,i".'],
    ['x-tutti-parameters', 'on', 'x-tutti-parameters must be auto, got "on".'],
    ['x-tutti-hops', '-5', 'x-tutti-hops must be a small number, got "-5".'],
    ['x-tutti-hops', 'toString', 'x-tutti-hops must be a small number, got "toString".'],
  ])('%s: %s', (name, value, message) => {
    expect(() => read({ [name]: value })).toThrow(
      expect.objectContaining({ reason: 'invalid_request', message, param: name }) as Error,
    );
  });

  it('without repeating all of what is long', () => {
    expect(() => read({ 'x-tutti-fallback': 'x'.repeat(5_000) })).toThrow(/got "x{100}…"\.$/);
  });
});
