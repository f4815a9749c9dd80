import type { Fleet, FleetCall, FleetNode } from '@tutti/simulation';

/** The same machines, so many times as fast, and without a name that tells how fast they are: real agents see this one. */
export function fasterFleet(fleet: Fleet, factor: number): Fleet {
  return { ...fleet, nodes: fleet.nodes.map((node) => faster(node, factor)) };
}

/** The same calls, so many times as close together, and all of one client: without keys nobody is told apart. */
export function denserCalls(calls: readonly FleetCall[], factor: number): FleetCall[] {
  return calls.map((call) => ({ ...call, atMs: call.atMs / factor, tenant: 'all' }));
}

function faster({ profile, kind, bytesPerMs, ...node }: FleetNode, factor: number): FleetNode {
  return {
    ...node,
    kind: { ...kind, gpu: undefined },
    bytesPerMs: bytesPerMs * factor,
    profile: {
      ...profile,
      loadMs: (model) => profile.loadMs(model) / factor,
      prefillSpeed: (model) => profile.prefillSpeed(model) * factor,
      decodeSpeed: (model) => profile.decodeSpeed(model) * factor,
    },
  };
}
