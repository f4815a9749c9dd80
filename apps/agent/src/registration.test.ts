import { ClusterError, type Reason } from '@tutti/core';
import type { RegisterRequest } from '@tutti/proto/tutti/agent/v1/registry';
import { RegistryService } from '@tutti/proto/tutti/agent/v1/registry';
import { createClient, createMemoryChannel } from '@tutti/rpc';
import { createLog } from '@tutti/runtime/log';
import { virtualClock } from '@tutti/testing';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { createRegistration, type Registration } from './registration.ts';

let registration: Registration;

afterEach(() => registration.close());

/** An orchestrator that counts what it is asked, and refuses what the test tells it to. */
function startRig(refusal?: Reason) {
  const clock = virtualClock();
  const registered: RegisterRequest[] = [];
  const heartbeats: number[] = [];
  const mayRefuse = (): void => {
    if (refusal) throw new ClusterError(refusal, 'refused');
  };
  const channel = createMemoryChannel();
  channel.addService(RegistryService, {
    async register(request) {
      mayRefuse();
      registered.push(request);
      return { orchestratorId: 'o', epoch: registered.length, heartbeatIntervalMs: 1_000, leaseMs: 3_000 };
    },
    async heartbeat({ seq }) {
      mayRefuse();
      heartbeats.push(seq);
      return {};
    },
  });
  registration = createRegistration({
    identity: { nodeId: 'n', bootId: 'b', name: 'box', address: ':1' },
    agentVersion: '0',
    registries: [createClient(channel, RegistryService, { deadlineMs: 5_000 })],
    clock,
    log: createLog({ service: 'test', level: 'error' }),
  });
  const refuse = (reason: Reason | undefined): void => void (refusal = reason);
  const whenRegistered = (times: number) => vi.waitFor(() => expect(registered).toHaveLength(times));
  return { clock, registered, heartbeats, refuse, whenRegistered };
}

const dispatch = (epoch: number, bootId = 'b') =>
  ({ owner: 'o', epoch, bootId }) as Parameters<Registration['check']>[0];

describe('an agent', () => {
  it('registers and renews its lease', async () => {
    const { clock, registered, heartbeats, whenRegistered } = startRig();
    await whenRegistered(1);
    expect(registered[0]).toMatchObject({ nodeId: 'n', bootId: 'b', name: 'box', address: ':1', protocolVersion: 1 });
    await clock.advance(3_000);
    expect(heartbeats).toEqual([1, 2, 3]);
  });

  it('knows which calls are meant for it', async () => {
    const { whenRegistered } = startRig();
    await whenRegistered(1);
    await vi.waitFor(() => expect(() => registration.check(dispatch(1))).not.toThrow());
    expect(() => registration.check(dispatch(2))).toThrow(expect.objectContaining({ reason: 'stale_epoch' }) as Error);
    expect(() => registration.check(dispatch(1, 'other'))).toThrow(
      expect.objectContaining({ reason: 'stale_epoch' }) as Error,
    );
  });

  it('takes no calls of an orchestrator that its heartbeats do not reach, once the lease is over', async () => {
    const { clock, refuse, whenRegistered } = startRig();
    await whenRegistered(1);
    await clock.advance(1_500);
    refuse('node_unreachable');
    await clock.advance(2_400);
    expect(() => registration.check(dispatch(1))).not.toThrow();
    await clock.advance(100);
    expect(() => registration.check(dispatch(1))).toThrow('The lease of epoch 1 has run out');
    refuse(undefined);
    await clock.advance(2_000);
    await whenRegistered(2);
    expect(() => registration.check(dispatch(2))).not.toThrow();
  });

  it('registers again with an orchestrator that has forgotten it', async () => {
    const { clock, refuse, whenRegistered } = startRig();
    await whenRegistered(1);
    refuse('unknown_node');
    await clock.advance(1_000);
    refuse(undefined);
    await clock.advance(2_000);
    await whenRegistered(2);
  });

  it.each<Reason>(['node_unreachable', 'protocol_mismatch', 'internal'])(
    'tries again, ever slower, while it hears %s',
    async (reason) => {
      const { clock, refuse, whenRegistered, registered } = startRig(reason);
      await clock.advance(60_000);
      expect(registered).toHaveLength(0);
      refuse(undefined);
      await clock.advance(2_000);
      await whenRegistered(1);
    },
  );

  it('keeps one lease of an orchestrator that two addresses lead to, and the other address in reserve', async () => {
    const clock = virtualClock();
    const log = createLog({ service: 'test', level: 'error' });
    const broken = new Set<string>();
    const epochs: string[] = [];
    let epoch = 0;
    const registryAt = (address: string) => {
      const channel = createMemoryChannel();
      const reach = (): void => {
        if (broken.has(address)) throw new ClusterError('node_unreachable', 'refused');
      };
      channel.addService(RegistryService, {
        async register() {
          reach();
          return { orchestratorId: 'o', epoch: ++epoch, heartbeatIntervalMs: 1_000, leaseMs: 3_000 };
        },
        async heartbeat(request) {
          reach();
          if (request.epoch !== epoch) throw new ClusterError('unknown_node', 'another epoch');
          epochs.push(`${address} ${epoch}`);
          return {};
        },
      });
      return createClient(channel, RegistryService, { deadlineMs: 5_000 });
    };
    const identity = { nodeId: 'n', bootId: 'b', name: 'box', address: ':1' };
    const registries = [registryAt('name'), registryAt('number')];
    registration = createRegistration({ identity, agentVersion: '0', registries, clock, log });
    await clock.advance(30_000);
    expect(epoch).toBe(2);
    expect(epochs.length).toBeGreaterThan(25);
    const [first] = epochs.at(-1)!.split(' ');

    broken.add(first!);
    epochs.length = 0;
    await clock.advance(10_000);
    expect(epochs.length).toBeGreaterThan(5);
    expect(epoch).toBeLessThanOrEqual(3);
    expect(() => registration.check(dispatch(epoch))).not.toThrow();
  });

  it('asks at once when an orchestrator stops watching', async () => {
    const { heartbeats, whenRegistered } = startRig();
    await whenRegistered(1);
    await vi.waitFor(() => {
      registration.nudge('o');
      expect(heartbeats).toHaveLength(1);
    });
  });

  it('gives up its place to another process with its identity', async () => {
    const { clock, refuse, whenRegistered, registered } = startRig();
    await whenRegistered(1);
    refuse('stale_epoch');
    await clock.advance(1_000);
    refuse(undefined);
    await clock.advance(60_000);
    expect(registered).toHaveLength(1);
  });

  it('stops when it is closed, also while it waits', async () => {
    const { clock, refuse, registered } = startRig('node_unreachable');
    await clock.advance(1_000);
    await registration.close();
    refuse(undefined);
    await clock.advance(60_000);
    expect(registered).toHaveLength(0);
  });
});
