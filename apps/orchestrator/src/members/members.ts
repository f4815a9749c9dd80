import type { Clock, NodeRepository } from '@tutti/core';
import type { Channel } from '@tutti/rpc';
import type { Shutdown } from '@tutti/runtime';
import { routeWarnings, type Config as Settings } from '@tutti/runtime/config';
import type { Log } from '@tutti/runtime/log';
import { createAgentless } from './agentless.ts';
import { declaredNode, serverSettings } from './declared-node.ts';
import type { MembershipCluster } from './membership-cluster.ts';
import { createMembership, type Membership } from './membership.ts';

/** The nodes, those that the configuration declares included. */
export interface Members {
  readonly membership: Membership;
  /** Takes over what the settings say of nodes and of routes to them now, after these settings have changed. */
  redeclare(changed: readonly string[]): void;
}

interface Options {
  readonly orchestratorId: string;
  readonly cluster: MembershipCluster;
  readonly nodes: NodeRepository;
  readonly settings: Pick<Settings, 'current'>;
  readonly connect: (address: string, nodeId: string) => Channel;
  readonly onRemoved: (nodeId: string) => void;
  readonly clock: Clock;
  readonly log: Log;
}

export function openMembers({ settings, ...options }: Options, shutdown: Shutdown): Members {
  const { clock, log } = options;
  const membership = createMembership({ ...options, onRecords: (records) => agentless.apply(records) });
  shutdown.add('membership', () => membership.close());
  const servers = (name: string) => serverSettings(settings.current.nodes, name);
  const agentless = createAgentless({ membership, servers, clock, log });
  shutdown.add('agentless nodes', () => agentless.close());

  const declare = (): void => membership.declare(settings.current.nodes.map(declaredNode));
  const warnOfRoutes = (): void => {
    const names = membership.list().map(({ name }) => name);
    for (const warning of routeWarnings(settings.current.routes, names)) log.warn(warning);
  };
  declare();
  warnOfRoutes();
  return {
    membership,
    redeclare(changed) {
      if (changed.includes('nodes')) declare();
      if (changed.some((path) => path.startsWith('routes') || path.startsWith('nodes'))) warnOfRoutes();
    },
  };
}
