import { ClusterError, type Clock, type Cluster } from '@tutti/core';
import { AgentService } from '@tutti/proto/tutti/agent/v1/agent';
import { ModelService } from '@tutti/proto/tutti/agent/v1/model';
import type { HeartbeatRequest, RegisterRequest, RegistryService } from '@tutti/proto/tutti/agent/v1/registry';
import type { NodeState } from '@tutti/proto/tutti/agent/v1/state';
import { createClient, type Channel, type Client, type Implementation } from '@tutti/rpc';
import type { Log } from '@tutti/runtime/log';
import { remoteGenerate } from './agent-client.ts';
import { createLease, defaultLeaseTimes, type LeaseTimes } from './lease.ts';
import { watchAgent } from './watch-agent.ts';

/** Versions of proto/tutti/agent/v1 that this orchestrator speaks. */
const protocolVersions = { oldest: 1, newest: 1 };

/** Who belongs to the cluster, and the connections to them. */
export interface Membership {
  /** `join` comes with certificates. */
  readonly registry: Pick<Implementation<typeof RegistryService>, 'register' | 'heartbeat'>;
  /** The models of a node, by its name; undefined if it is not connected. */
  models(node: string): Client<typeof ModelService> | undefined;
  close(): Promise<void>;
}

interface Options {
  readonly orchestratorId: string;
  readonly cluster: Cluster;
  readonly clock: Clock;
  readonly log: Log;
  /** A connection to an agent; it is closed here. */
  readonly connect: (address: string) => Channel;
  readonly leaseTimes?: LeaseTimes;
}

interface Member {
  readonly nodeId: string;
  readonly name: string;
  readonly epoch: number;
  readonly bootId: string;
  readonly models: Client<typeof ModelService>;
  /** Its last report; undefined while it is not connected. */
  state: NodeState | undefined;
  suspect: boolean;
  /** Starts the lease anew. */
  renew(): void;
  close(): Promise<void>;
}

/** Of a call that names no deadline of its own. */
const deadline = { deadlineMs: 60_000 };

export function createMembership(options: Options): Membership {
  const { orchestratorId, cluster, clock, log, connect, leaseTimes = defaultLeaseTimes } = options;
  const members = new Map<string, Member>();
  const epochs = new Map<string, number>();

  const admit = (request: RegisterRequest, address: string): Member => {
    const { nodeId, bootId } = request;
    const epoch = (epochs.get(nodeId) ?? 0) + 1;
    epochs.set(nodeId, epoch);
    const name = freeName(request, members.values());
    const channel = connect(address);
    const agent = createClient(channel, AgentService, deadline);
    const generate = remoteGenerate(agent, { owner: orchestratorId, epoch, bootId }, name);
    const stop = new AbortController();
    const report = (): void => {
      if (member.state && !member.suspect) cluster.report(name, generate, member.state);
    };
    const lease = createLease(clock, leaseTimes, {
      suspect() {
        log.warn('node suspect: no heartbeat', { node: name });
        member.suspect = true;
        cluster.suspend(name);
      },
      lost() {
        log.warn('node lost', { node: name });
        members.delete(nodeId);
        cluster.remove(name);
        void member.close();
      },
    });
    const watching = watchAgent(agent, orchestratorId, clock, stop.signal, {
      state(state) {
        if (!member.state) log.info('node connected', { node: name, epoch, models: state.models.length });
        const problem = state.backend?.problem ?? '';
        if (problem !== (member.state?.backend?.problem ?? ''))
          log.warn('backend', { node: name, problem: problem || 'none any more' });
        member.state = state;
        report();
      },
      broken(error) {
        if (member.state) log.warn('node does not answer', { node: name, reason: error.reason, error: error.message });
        member.state = undefined;
        cluster.suspend(name);
      },
    });
    const member: Member = {
      nodeId,
      name,
      epoch,
      bootId,
      models: createClient(channel, ModelService, deadline),
      state: undefined,
      suspect: false,
      renew() {
        lease.renew();
        if (!member.suspect) return;
        member.suspect = false;
        report();
      },
      async close() {
        lease.stop();
        stop.abort();
        await watching;
        channel.close();
      },
    };
    return member;
  };

  return {
    registry: {
      async register(request, { peer }) {
        checkIdentity(request);
        checkProtocol(request);
        const address = dialAddress(request.address, peer);
        const before = members.get(request.nodeId);
        if (before) cluster.suspend(before.name);
        const member = admit(request, address);
        if (before && before.name !== member.name) cluster.remove(before.name);
        members.set(request.nodeId, member);
        void before?.close();
        log.info('node registered', { node: member.name, epoch: member.epoch, address });
        return {
          orchestratorId,
          epoch: member.epoch,
          heartbeatIntervalMs: leaseTimes.heartbeatMs,
          leaseMs: leaseTimes.lostMs,
        };
      },
      async heartbeat(request) {
        memberFor(request, members).renew();
        return {};
      },
    },
    models: (node) => members.values().find((member) => member.name === node && member.state)?.models,
    async close() {
      await Promise.all([...members.values()].map((member) => member.close()));
      members.clear();
    },
  };
}

function memberFor({ nodeId, epoch, bootId }: HeartbeatRequest, members: ReadonlyMap<string, Member>): Member {
  const member = members.get(nodeId);
  if (!member) throw new ClusterError('unknown_node', `Node ${nodeId} is not registered here; register again.`);
  if (member.epoch === epoch) return member;
  if (member.bootId === bootId)
    throw new ClusterError('unknown_node', `Epoch ${epoch} of ${nodeId} is over; register again.`);
  throw new ClusterError('stale_epoch', `Another process has registered as node ${nodeId}.`);
}

/** A node's name goes into headers and logs, its id into maps: neither may be anything. */
function checkIdentity({ nodeId, name }: RegisterRequest): void {
  for (const [param, value] of Object.entries({ node_id: nodeId, name })) {
    if (/^[\w.-]{1,64}$/.test(value)) continue;
    throw new ClusterError('invalid_request', `${param} must be 1 to 64 letters, digits, ".", "_" or "-".`, { param });
  }
}

function checkProtocol({ protocolVersion, name }: RegisterRequest): void {
  const { oldest, newest } = protocolVersions;
  if (protocolVersion >= oldest && protocolVersion <= newest) return;
  const fix = protocolVersion < oldest ? `update the agent on ${name}` : 'update the orchestrator';
  throw new ClusterError(
    'protocol_mismatch',
    `Agent ${name} speaks protocol ${protocolVersion}, this orchestrator ${oldest} to ${newest}: ${fix}.`,
  );
}

/** Two machines of one name are told apart by their ids. */
function freeName({ nodeId, name }: RegisterRequest, others: Iterable<Member>): string {
  const taken = Iterator.from(others).some((other) => other.name === name && other.nodeId !== nodeId);
  return taken ? `${name}-${nodeId.slice(0, 4)}` : name;
}

/** An address without a host means the host that the request came from. */
function dialAddress(address: string, peer: string): string {
  if (!/:\d+$/.test(address)) {
    throw new ClusterError('invalid_request', `The agent's address must be "host:port", got "${address}".`, {
      param: 'address',
    });
  }
  if (!address.startsWith(':')) return address;
  const host = peer.replace(/:\d+$/, '').replaceAll(/[[\]]/g, '');
  return (host.includes(':') ? `[${host}]` : host) + address;
}
