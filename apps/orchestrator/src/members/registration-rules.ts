import { ClusterError } from '@tutti/core';
import type { HeartbeatRequest, RegisterRequest } from '@tutti/proto/tutti/agent/v1/registry';
import type { PeerIdentity } from '@tutti/rpc';
import type { Member } from './member.ts';
import type { NodeDirectory } from './node-directory.ts';

/** Versions of proto/tutti/agent/v1 that this orchestrator speaks. */
const protocolVersions = { oldest: 1, newest: 1 };

/** What the name and the id of a node may be: they go into headers, logs and maps. */
export const nodeNamePattern = /^[\w.-]{1,64}$/;

export function checkNames({ nodeId, name }: RegisterRequest): void {
  for (const [param, value] of Object.entries({ node_id: nodeId, name })) {
    if (nodeNamePattern.test(value)) continue;
    throw new ClusterError('invalid_request', `${param} must be 1 to 64 letters, digits, ".", "_" or "-".`, { param });
  }
}

/** Nobody speaks for a node but the holder of its certificate. Without mutual TLS there is none. */
export function checkIdentity(nodeId: string, identity: PeerIdentity | undefined): void {
  if (!identity || (identity.kind === 'node' && identity.id === nodeId)) return;
  throw new ClusterError(
    'forbidden',
    `The certificate is that of ${identity.kind} ${identity.id}: it cannot speak for node ${nodeId}.`,
  );
}

export function checkProtocol({ protocolVersion, name }: RegisterRequest): void {
  const { oldest, newest } = protocolVersions;
  if (protocolVersion >= oldest && protocolVersion <= newest) return;
  const fix = protocolVersion < oldest ? `update the agent on ${name}` : 'update the orchestrator';
  throw new ClusterError(
    'protocol_mismatch',
    `Agent ${name} speaks protocol ${protocolVersion}, this orchestrator ${oldest} to ${newest}: ${fix}.`,
  );
}

/** Whether a heartbeat comes from a process that another one with the same identity has taken the place of. */
export function isClone({ epoch, bootId }: HeartbeatRequest, member: Member): boolean {
  return member.epoch !== epoch && member.bootId !== bootId;
}

/** The member that a heartbeat comes from; `peer`: the address that it came from. */
export function memberFor(request: HeartbeatRequest, peer: string, members: ReadonlyMap<string, Member>): Member {
  const { nodeId, epoch } = request;
  const member = members.get(nodeId);
  if (!member) throw new ClusterError('unknown_node', `Node ${nodeId} is not registered here; register again.`);
  if (member.epoch === epoch) {
    if (!hasMoved(request, peer, member)) return member;
    throw new ClusterError('unknown_node', `Node ${nodeId} is at another address now; register again.`);
  }
  if (!isClone(request, member))
    throw new ClusterError('unknown_node', `Epoch ${epoch} of ${nodeId} is over; register again.`);
  throw new ClusterError('stale_epoch', `Another process has registered as node ${nodeId}.`);
}

/** The name that an agent goes by: the one that it joined under, else its own; told apart by its id if that is taken. */
export function nameFor(
  { nodeId, name }: RegisterRequest,
  members: Iterable<Member>,
  { record, recordOf }: Pick<NodeDirectory, 'record' | 'recordOf'>,
): string {
  const joined = recordOf(nodeId);
  if (joined) return joined.name;
  const holder = record(name);
  const reserved = holder !== undefined && (holder.kind !== 'agent' || holder.id !== undefined);
  const taken = reserved || Iterator.from(members).some((other) => other.name === name && other.nodeId !== nodeId);
  return taken ? `${name.slice(0, 59)}-${nodeId.slice(0, 4)}` : name;
}

/** Whether a node that cannot be watched says that it is elsewhere now: a laptop in another network. */
function hasMoved({ address }: HeartbeatRequest, peer: string, member: Member): boolean {
  return member.state === undefined && address !== '' && dialAddress(address, peer) !== member.address;
}

/** An address without a host means the host that the request came from. */
export function dialAddress(address: string, peer: string): string {
  if (!/:\d+$/.test(address)) {
    throw new ClusterError('invalid_request', `The agent's address must be "host:port", got "${address}".`, {
      param: 'address',
    });
  }
  if (!address.startsWith(':')) return address;
  const host = hostOf(peer);
  return (host.includes(':') ? `[${host}]` : host) + address;
}

/** Host of "host:port"; of "[::1]:80" without the brackets. */
export function hostOf(address: string): string {
  return address.replace(/:\d+$/, '').replaceAll(/[[\]]/g, '');
}
