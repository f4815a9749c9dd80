import type { MessageInitShape } from '@bufbuild/protobuf';
import { ClusterError, delta, done, onAbort, progress, type NodeRecord, type NodeRepository } from '@tutti/core';
import { createCluster, dispatched, retried, type Cluster } from '@tutti/core/cluster';
import { AgentService } from '@tutti/proto/tutti/agent/v1/agent';
import { RegistryService } from '@tutti/proto/tutti/agent/v1/registry';
import type { NodeStateSchema } from '@tutti/proto/tutti/agent/v1/state';
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

type NodeDescription = Parameters<Cluster['describe']>[1];

/** An orchestrator's membership, and agents that answer its watch; all in memory. */
export function startRig(options: RigOptions = {}) {
  const clock = virtualClock();
  const descriptions = new Map<string, NodeDescription>();
  const cluster = createCluster({ clock, random: () => 0 });
  const { describe } = cluster;
  Object.assign(cluster, {
    describe(name: string, description: NodeDescription) {
      descriptions.set(name, description);
      describe(name, description);
    },
  });
  const dialled: string[] = [];
  /** Streams of reports that are open, by address. */
  const watches = new Map<string, ReportQueue>();
  /** Addresses of agents that cannot be watched. */
  const silent = new Set<string>();
  /** Addresses of agents that take the connection and report nothing. */
  const mute = new Set<string>();
  /** Addresses of agents that take calls and never answer. */
  const deaf = new Set<string>();
  /** Addresses of agents whose answers do not end by themselves. */
  const slow = new Set<string>();
  const connect = (address: string) => {
    dialled.push(address);
    const channel = createMemoryChannel();
    channel.addService(AgentService, {
      async *watch(_, { signal }) {
        if (silent.has(address)) throw new Error('out of order');
        const reports = createReportQueue(signal);
        watches.set(address, reports);
        if (!mute.has(address)) reports.push({ seq: 1, ...usual });
        try {
          yield* reports.states();
        } finally {
          if (watches.get(address) === reports) watches.delete(address);
        }
      },
      async *invoke(_, { signal }) {
        if (deaf.has(address)) await ended(signal);
        yield { chunks: [progress({ case: 'accepted', value: { waiting: 0 } })] };
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
  let beats = 0;
  const heartbeat = (nodeId: string, epoch: number, changes = {}) =>
    registry.heartbeat({ nodeId, epoch, bootId: 'b', seq: ++beats, ...changes });
  /** What the agent at that address reports next. */
  const report = (state: Report, address = 'host:1') => watches.get(address)!.push({ ...usual, ...state } as Report);
  const ready = () => cluster.nodes.filter((node) => node.ready).map((node) => node.name);
  const whenReady = (...names: string[]) => vi.waitFor(() => expect(ready()).toEqual(names));
  const generate = retried({ clock, random: () => 0 }, dispatched(cluster, clock));
  const agents = { dialled, silent, mute, deaf, slow, watches };
  const calls = { register, heartbeat, report };
  return { clock, cluster, descriptions, membership, ...agents, ...calls, ready, whenReady, generate, log };
}

type Report = MessageInitShape<typeof NodeStateSchema>;

/** What an agent reports that a test says nothing of. */
const usual = { bootId: 'b', models: [{ name: 'm' }], slots: { total: 1, perRunner: 1 } };

interface ReportQueue {
  push(state: Report): void;
  /** Breaks the stream. */
  fail(): void;
  states(): AsyncIterable<{ state: Report }>;
}

function createReportQueue(signal: AbortSignal): ReportQueue {
  const waiting: Report[] = [];
  let failed = false;
  let wake = (): void => {};
  return {
    push(state) {
      waiting.push(state);
      wake();
    },
    fail() {
      failed = true;
      wake();
    },
    async *states() {
      const forget = onAbort(signal, () => wake());
      try {
        for (;;) {
          for (let state = waiting.shift(); state; state = waiting.shift()) yield { state };
          if (failed) throw new ClusterError('node_unreachable', 'The stream broke.');
          if (signal.aborted) return;
          await new Promise<void>((resolve) => (wake = resolve));
        }
      } finally {
        forget();
      }
    },
  };
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
