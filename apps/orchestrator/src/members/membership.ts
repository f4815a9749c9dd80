import { ClusterError, type Clock, type NodeRecord, type NodeRepository } from '@tutti/core';
import type { ModelService } from '@tutti/proto/tutti/agent/v1/model';
import type { RegistryService } from '@tutti/proto/tutti/agent/v1/registry';
import type { Channel, Client, Implementation } from '@tutti/rpc';
import { isLoopback } from '@tutti/runtime/config';
import type { Log } from '@tutti/runtime/log';
import { defaultLeaseTimes, type LeaseTimes } from './lease.ts';
import { createFlapping } from './flapping.ts';
import { createLostNodes } from './lost-nodes.ts';
import { createMember, type Member, type Registration } from './member.ts';
import type { MembershipCluster } from './membership-cluster.ts';
import { createNodeDirectory, type NodeDirectory } from './node-directory.ts';
import {
  checkIdentity,
  checkNames,
  checkProtocol,
  dialAddress,
  hostOf,
  isClone,
  memberFor,
  nameFor,
} from './registration-rules.ts';
import { isSpare } from './spare.ts';

/** A node that lives in this process. */
export interface LocalNode extends Omit<Registration, 'epoch' | 'address'> {
  /** It is closed here. */
  readonly channel: Channel;
}

/** Who belongs to the cluster, and the connections to them. */
export interface Membership extends NodeDirectory {
  readonly registry: Pick<Implementation<typeof RegistryService>, 'register' | 'heartbeat'>;
  /** Whether a node of that name is registered. */
  isConnected(name: string): boolean;
  /** The models of a node, by its name; undefined if it is not connected. */
  models(node: string): Client<typeof ModelService> | undefined;
  /**
   * Lets a node in that lives in this process; the returned function takes it out, and lets its calls end. Throws
   * `failed_precondition` if an agent has its name.
   */
  attach(node: LocalNode): () => Promise<void>;
  close(): Promise<void>;
}

interface Options {
  readonly orchestratorId: string;
  readonly cluster: MembershipCluster;
  readonly clock: Clock;
  readonly log: Log;
  /** A connection to the agent of that id; it is closed here. */
  readonly connect: (address: string, nodeId: string) => Channel;
  /** Undefined: what is said of nodes does not outlive the process. */
  readonly nodes?: NodeRepository;
  /** What is declared or kept may have changed; never called before `createMembership` returns. */
  readonly onRecords?: (records: readonly NodeRecord[]) => void;
  /** A node was removed: its connections to here must end. */
  readonly onRemoved?: (nodeId: string) => void;
  readonly leaseTimes?: LeaseTimes;
}

export function createMembership(options: Options): Membership {
  const { orchestratorId, cluster, clock, log, connect, nodes, onRecords, onRemoved } = options;
  const { leaseTimes = defaultLeaseTimes } = options;
  /** By id. */
  const members = new Map<string, Member>();
  const lost = createLostNodes(clock);
  const flapping = createFlapping(clock);
  let lastEpoch = 0;
  const named = (name: string): Member | undefined => members.values().find((member) => member.name === name);

  const directory = createNodeDirectory({
    ...{ repository: nodes, cluster, clock, log, flapping, members: () => members.values(), lost },
    onChange(records) {
      for (const member of [...members.values()]) {
        if (directory.isRemoved(member.nodeId)) cutOff(member);
        else describe(member);
      }
      onRecords?.(records);
    },
    onDrained(name) {
      const message = `Node ${name} is being drained, and the time for its calls is over.`;
      named(name)?.cut(new ClusterError('draining', message));
    },
  });

  const describe = ({ name, sameMachine }: Registration): void =>
    cluster.describe(name, { attributes: directory.record(name)?.attributes ?? {}, sameMachine });

  const forget = (member: Member): Promise<void> => {
    if (members.get(member.nodeId) === member) {
      members.delete(member.nodeId);
      cluster.remove(member.name);
    }
    return member.close();
  };

  const cutOff = (member: Member): void => {
    log.warn('node removed', { node: member.name });
    void forget(member);
    // Not a death: its calls may run elsewhere, and say nothing against what was asked.
    member.cut(new ClusterError('draining', `Node ${member.name} was removed from the cluster.`));
    onRemoved?.(member.nodeId);
  };

  const letIn = (node: Omit<Registration, 'epoch'>, channel: Channel, times: LeaseTimes | undefined): Member => {
    const { nodeId, name } = node;
    const before = members.get(nodeId);
    before?.dismiss();
    if (before && before.name !== name) cluster.remove(before.name);
    // What another process failed at says nothing of this one.
    if (before && before.bootId !== node.bootId) cluster.breakers.reset(name);
    lost.forget(name, nodeId);
    const registration = { ...node, epoch: ++lastEpoch };
    describe(registration);
    const member = createMember({
      ...{ registration, channel, owner: orchestratorId, cluster, clock, log, leaseTimes: times },
      running: before?.running ?? new Set(),
      waitMs() {
        const restMs = flapping.waitMs(nodeId);
        return restMs > 0 && isSpare(name, member.state, cluster.nodes) ? restMs : 0;
      },
      onFell() {
        flapping.fell(nodeId);
        // Those that were kept out may be needed now.
        for (const other of members.values()) if (other !== member && !other.admitted) other.admit();
      },
      onLost() {
        log.warn('node lost', { node: name });
        lost.add(member);
        void forget(member);
      },
    });
    members.set(nodeId, member);
    void before?.close();
    return member;
  };

  const refuseRemoved = (nodeId: string, name: string): void => {
    if (!directory.isRemoved(nodeId)) return;
    const fix = "to let this machine in again, empty its agent's data folder and join it anew.";
    throw new ClusterError('forbidden', `Node ${name} was removed; ${fix}`);
  };

  return {
    ...directory,
    registry: {
      async register(request, { peer, identity }) {
        const { nodeId, bootId, agentVersion } = request;
        checkNames(request);
        checkIdentity(nodeId, identity);
        refuseRemoved(nodeId, request.name);
        checkProtocol(request);
        const address = dialAddress(request.address, peer);
        const name = nameFor(request, members.values(), directory);
        const sameMachine = isLoopback(hostOf(address));
        const node = { nodeId, bootId, name, agentVersion, kind: 'agent' as const, address, sameMachine };
        const { epoch } = letIn(node, connect(address, nodeId), leaseTimes);
        log.info('node registered', { node: name, epoch, address });
        return { orchestratorId, epoch, heartbeatIntervalMs: leaseTimes.heartbeatMs, leaseMs: leaseTimes.lostMs };
      },
      async heartbeat(request, { peer, identity }) {
        checkIdentity(request.nodeId, identity);
        refuseRemoved(request.nodeId, request.nodeId);
        const member = members.get(request.nodeId);
        if (member && isClone(request, member)) {
          log.warn('two agents have one identity: the newer one serves, the older one is told so', {
            node: member.name,
          });
        }
        memberFor(request, peer, members).renew(request.seq);
        return {};
      },
    },
    isConnected: (name) => named(name) !== undefined,
    models(name) {
      const member = named(name);
      return member?.state && member.models;
    },
    async remove(name) {
      const member = named(name);
      // An agent is cut off as soon as its id is refused.
      const removing = directory.remove(name);
      if (member && member.kind !== 'agent') cutOff(member);
      await removing;
    },
    attach({ channel, ...node }) {
      const other = named(node.name);
      if (other && other.nodeId !== node.nodeId)
        throw new ClusterError('failed_precondition', `An agent is connected under the name ${node.name}.`);
      const member = letIn({ ...node, address: '' }, channel, undefined);
      return () => forget(member);
    },
    async close() {
      await directory.close();
      await Promise.all([...members.values()].map((member) => member.close()));
      members.clear();
    },
  };
}
