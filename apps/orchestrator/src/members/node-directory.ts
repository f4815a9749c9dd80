import { ClusterError, nearestName, type Clock, type NodeRecord, type NodeRepository } from '@tutti/core';
import type { Node } from '@tutti/proto/tutti/v1/node';
import type { Log } from '@tutti/runtime/log';
import type { MembershipCluster } from './membership-cluster.ts';
import { describeNode } from './describe-node.ts';
import { createDrains } from './drains.ts';
import type { Flapping } from './flapping.ts';
import { createKeptNodes } from './kept-nodes.ts';
import type { LostNodes } from './lost-nodes.ts';
import type { Member } from './member.ts';
import { mergeRecords, removalOf } from './node-records.ts';

/** What is known and said of nodes: those of the configuration, of the store, those that are or were connected. */
export interface NodeDirectory {
  /** Every node that is connected, declared, kept or lost, by name. */
  list(): Node[];
  /** One of those; throws `not_found`. */
  find(name: string): Node;
  /** What is declared and kept of a node; undefined: nothing, or it was removed. */
  record(name: string): NodeRecord | undefined;
  /** The record of the node whose certificate names this id. */
  recordOf(nodeId: string): NodeRecord | undefined;
  /** Whether the configuration declares the node. */
  isConfigured(name: string): boolean;
  /** The configuration's nodes, in place of those before. */
  declare(nodes: readonly NodeRecord[]): void;
  /** Keeps a record in place of the one of that name. In force at once; written as soon as the store lets it. */
  put(record: NodeRecord): Promise<void>;
  /** Changes what is kept of a node; what the configuration says of it stays there. One that was removed begins anew. */
  keep(name: string, changes: Partial<NodeRecord>): Promise<void>;
  /** The node gets no new calls; status CORDONED. As the next two, throws `not_found`. */
  cordon(name: string): Promise<void>;
  /** The node gets no new calls; status DRAINING. Calls that it still has after `deadlineMs` are ended. */
  drain(name: string, deadlineMs?: number): Promise<void>;
  uncordon(name: string): Promise<void>;
  /** Forgets a node: its calls end, its id is refused from now on. Throws `not_found`. */
  remove(name: string): Promise<void>;
  /** Whether the node of that id was removed: its certificate counts no more. */
  isRemoved(nodeId: string): boolean;
  /** Takes a removal back: the node of that id may come again. */
  readmit(nodeId: string): Promise<void>;
}

interface Options {
  /** Undefined: what is said of nodes does not outlive the process. */
  readonly repository: NodeRepository | undefined;
  readonly cluster: Pick<MembershipCluster, 'cordon' | 'nodes' | 'breakers' | 'estimates'>;
  readonly clock: Clock;
  readonly log: Log;
  readonly flapping: Pick<Flapping, 'falls' | 'waitMs'>;
  /** Those that are connected. */
  readonly members: () => Iterable<Member>;
  readonly lost: Pick<LostNodes, 'list' | 'forget'>;
  /** What is declared or kept may have changed; never called before `createNodeDirectory` returns. */
  readonly onChange: (records: readonly NodeRecord[]) => void;
  /** A node's time to drain is over: the calls that it still has must end. */
  readonly onDrained: (name: string) => void;
}

export function createNodeDirectory(options: Options): NodeDirectory & { close(): Promise<void> } {
  const { repository, cluster, clock, log, flapping, members, lost, onChange, onDrained } = options;
  const drains = createDrains(clock, onDrained);
  /** As the cluster was told. */
  let cordoned = new Set<string>();
  let configured: readonly NodeRecord[] = [];
  const kept = createKeptNodes({ repository, clock, log, onChange: apply });

  const records = () => mergeRecords(configured, kept.list());
  const removals = (nodeId: string): NodeRecord[] =>
    kept.list().filter(({ id, removedAt }) => id === nodeId && removedAt !== undefined);
  const isConfigured = (name: string): boolean => configured.some((record) => record.name === name);

  function apply(): void {
    const all = [...records().values()];
    const wanted = new Set(all.filter((record) => record.cordoned).map(({ name }) => name));
    for (const name of cordoned.difference(wanted)) cluster.cordon(name, false);
    for (const name of wanted.difference(cordoned)) cluster.cordon(name, true);
    cordoned = wanted;
    onChange(all);
  }

  function list(): Node[] {
    const known = records();
    const now = clock.now();
    const memberOf = new Map(Iterator.from(members()).map((member) => [member.name, member] as const));
    const viewOf = new Map(cluster.nodes.map((view) => [view.name, view]));
    const lostOf = new Map(lost.list().map((node) => [node.name, node]));
    const names = [...new Set([...known.keys(), ...memberOf.keys(), ...lostOf.keys()])].toSorted();
    return names.map((name) => {
      const member = memberOf.get(name);
      return describeNode({
        ...{ name, member, record: known.get(name), view: viewOf.get(name), lost: lostOf.get(name), now },
        drain: drains.find(name),
        hold: member && { falls: flapping.falls(member.nodeId), waitMs: flapping.waitMs(member.nodeId) },
        breaker: cluster.breakers.view(name),
        speeds: cluster.estimates.measured(name),
      });
    });
  }

  function find(name: string): Node {
    const nodes = list();
    const node = nodes.find((other) => other.name === name);
    if (node) return node;
    const names = nodes.map((other) => other.name);
    const near = nearestName(name, names);
    const advice = near === undefined ? '"tutti nodes" lists those there are.' : `Did you mean "${near}"?`;
    throw new ClusterError('not_found', `There is no node "${name.slice(0, 64)}". ${advice}`, { param: 'name' });
  }

  function keep(name: string, changes: Partial<NodeRecord>): Promise<void> {
    const before = kept.list().find((record) => record.name === name && record.removedAt === undefined);
    const kind = records().get(name)?.kind ?? 'agent';
    const attributes = { ...before?.attributes, ...changes.attributes };
    return kept.put({ name, kind, ...before, ...changes, attributes });
  }

  async function setCordon(name: string, on: boolean): Promise<void> {
    find(name);
    drains.stop(name);
    await keep(name, { cordoned: on });
  }

  return {
    list,
    find,
    record: (name) => records().get(name),
    recordOf: (nodeId) =>
      records()
        .values()
        .find((record) => record.id === nodeId),
    isConfigured,
    declare(nodes) {
      configured = nodes;
      apply();
    },
    put: (record) => kept.put(record),
    keep,
    cordon: (name) => setCordon(name, true),
    async drain(name, deadlineMs) {
      find(name);
      drains.start(name, deadlineMs);
      await keep(name, { cordoned: true });
    },
    uncordon: (name) => setCordon(name, false),
    async remove(name) {
      const { id, kind } = find(name);
      const record = records().get(name);
      const removedAt = clock.wallTime();
      drains.stop(name);
      lost.forget(name);
      const changes = [];
      if (kind === 'agent' && id !== '') changes.push(kept.put(removalOf(name, id, removedAt)));
      // The file would bring it back.
      if (record && isConfigured(name)) changes.push(kept.put({ name, kind: record.kind, attributes: {}, removedAt }));
      else changes.push(kept.remove(name));
      await Promise.all(changes);
    },
    isRemoved: (nodeId) => removals(nodeId).length > 0,
    async readmit(nodeId) {
      await Promise.all(removals(nodeId).map(({ name }) => kept.remove(name)));
    },
    close() {
      drains.close();
      return kept.close();
    },
  };
}
