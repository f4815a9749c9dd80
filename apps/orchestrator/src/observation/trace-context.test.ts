import { createNode } from '@tutti/backends';
import { done, localPrincipal, ticketMachine, type Generate } from '@tutti/core';
import { AgentService } from '@tutti/proto/tutti/agent/v1/agent';
import { createClient, createMemoryChannel } from '@tutti/rpc';
import { virtualClock } from '@tutti/testing';
import type { FastifyRequest } from 'fastify';
import { expect, it, onTestFinished } from 'vitest';
import { remoteNode } from '../members/agent-client.ts';
import { readContext } from '../faces/answer/request-context.ts';
import { callOf } from './traffic.fixture.ts';

/** What reaches a backend of the `traceparent` that a client sends with its request. */
async function traceparentAtBackend(headers: Record<string, string>): Promise<string | undefined> {
  let arrived: string | undefined;
  const generate: Generate = async function* (_, { traceparent }) {
    arrived = traceparent;
    yield done({ reason: 'stop' });
  };
  const node = await createNode({
    backend: {
      generate,
      inventory: async () => ({ backend: {}, models: [], runners: [] }),
      verb: async function* () {},
      close: async () => {},
    },
    limits: { total: 1, perRunner: 1 },
    hardware: async () => ({}),
    bootId: 'b',
    standing: { check() {}, nudge() {} },
    clock: virtualClock(),
  });
  onTestFinished(() => node.feed.close());
  const channel = createMemoryChannel();
  channel.addService(AgentService, node.agent);
  const agent = createClient(channel, AgentService, { deadlineMs: 1_000 });
  const remote = remoteNode(agent, { owner: 'o', epoch: 1, bootId: 'b' }, 'n', virtualClock());
  const request = { id: 'r1', headers, principal: localPrincipal } as unknown as FastifyRequest;
  const context = readContext(request, new AbortController().signal, ticketMachine()());
  await Array.fromAsync(remote.generate(callOf({}), context));
  return arrived;
}

it("a client's trace context reaches the backend, over the wire", async () => {
  const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
  expect(await traceparentAtBackend({ traceparent })).toBe(traceparent);
  expect(await traceparentAtBackend({})).toBeUndefined();
});
