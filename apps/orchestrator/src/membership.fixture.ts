import {
  ClusterError,
  createCluster,
  delta,
  dispatched,
  done,
  onAbort,
  retried,
  type NodeRecord,
  type NodeRepository,
} from '@tutti/core';
import { AgentService } from '@tutti/proto/tutti/agent/v1/agent';
import { RegistryService } from '@tutti/proto/tutti/agent/v1/registry';
import { createClient, createMemoryChannel } from '@tutti/rpc';
import { createLog } from '@tutti/runtime/log';
import { virtualClock } from '@tutti/testing';
import { expect, vi } from 'vitest';
import { createMembership, type Membership } from './membership.ts';

const open = new Set<Membership>();

/** Closes whatever the tests have started. */
export async function closeRigs(): Promise<void> {
  await Promise.all([...open].map((membership) => membership.close()));
  open.clear();
}

interface RigOptions {
  readonly nodes?: NodeRepository;
  readonly onRemoved?: (nodeId: string) => void;
  readonly onRecords?: (records: readonly NodeRecord[]) => void;
}

/** An orchestrator's membership, and agents that answer its watch; all in memory. */
export function startRig(options: RigOptions = {}) {
  const clock = virtualClock();
  const cluster = createCluster({ clock });
  const dialled: string[] = [];
  /** Addresses of agents that cannot be watched. */
  const silent = new Set<string>();
  /** Addresses of agents whose answers do not end by themselves. */
  const slow = new Set<string>();
  const connect = (address: string) => {
    dialled.push(address);
    const channel = createMemoryChannel();
    channel.addService(AgentService, {
      async *watch(_, { signal }) {
        if (silent.has(address)) throw new Error('out of order');
        yield { state: { bootId: 'b', models: [{ name: 'm' }], slots: { total: 1, perRunner: 1 } } };
        await ended(signal);
      },
      async *invoke(_, { signal }) {
        if (slow.has(address)) await ended(signal);
        yield { chunks: [delta({ text: address }), done({ reason: 'stop' })] };
      },
    });
    return channel;
  };
  const log = createLog({ service: 'test', level: 'error' });
  const membership = createMembership({ orchestratorId: 'o', cluster, clock, connect, log, ...options });
  open.add(membership);
  const door = createMemoryChannel();
  door.addService(RegistryService, membership.registry);
  const registry = createClient(door, RegistryService, { deadlineMs: 5_000 });
  const register = (nodeId: string, changes = {}) =>
    registry.register({ nodeId, bootId: 'b', name: nodeId, address: 'host:1', protocolVersion: 1, ...changes });
  const heartbeat = (nodeId: string, epoch: number, bootId = 'b') =>
    registry.heartbeat({ nodeId, epoch, bootId, seq: 1 });
  const ready = () => cluster.nodes.filter((node) => node.ready).map((node) => node.name);
  const whenReady = (...names: string[]) => vi.waitFor(() => expect(ready()).toEqual(names));
  const generate = retried({ clock, random: () => 0 }, dispatched(cluster));
  return { clock, cluster, membership, dialled, silent, slow, register, heartbeat, ready, whenReady, generate, log };
}

const ended = (signal: AbortSignal): Promise<void> => new Promise((resolve) => void onAbort(signal, resolve));

/** A store's nodes, in memory. While it is away, every method fails. */
export function memoryNodes(...first: readonly NodeRecord[]) {
  const records = new Map(first.map((record) => [record.name, record]));
  let away = false;
  const answer = async <T>(value: () => T): Promise<T> => {
    if (away) throw new ClusterError('storage_unavailable', 'The store is away.');
    return value();
  };
  const repository: NodeRepository = {
    put: (node) => answer(() => void records.set(node.name, node)),
    list: () => answer(() => [...records.values()].toSorted((a, b) => (a.name < b.name ? -1 : 1))),
    find: (name) => answer(() => records.get(name)),
    remove: (name) => answer(() => void records.delete(name)),
  };
  return {
    records,
    repository,
    setAway(value: boolean): void {
      away = value;
    },
  };
}
