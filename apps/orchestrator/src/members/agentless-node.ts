import { randomUUID } from 'node:crypto';
import { createNode, type Backend } from '@tutti/backends';
import { ClusterError, type Clock, type NodeRecord } from '@tutti/core';
import { AgentService } from '@tutti/proto/tutti/agent/v1/agent';
import { ModelService } from '@tutti/proto/tutti/agent/v1/model';
import { createMemoryChannel } from '@tutti/rpc';
import { version } from '@tutti/runtime';
import { isLoopback } from '@tutti/runtime/config';
import type { Log } from '@tutti/runtime/log';
import type { Membership } from './membership.ts';

/** What stands in for the agent that a machine has not. */
export interface AgentlessNode {
  /** Takes it out of the cluster at once. Resolves when its calls are over; `now`: it ends them. */
  stop(now: boolean): Promise<void>;
}

interface Options {
  readonly record: NodeRecord;
  readonly openBackend: () => Promise<Backend>;
  readonly membership: Pick<Membership, 'attach'>;
  readonly clock: Clock;
  readonly log: Log;
  /** It cannot be a node now. */
  readonly onFailed: () => void;
}

/** What an agent takes that is told nothing. */
const usual = { total: 5, perRunner: 1 };

/** Begins at once and goes on in the background: the server may be away, and be so for long. */
export function startAgentlessNode(options: Options): AgentlessNode {
  const { record, openBackend, membership, clock, log, onFailed } = options;
  const { name, kind } = record;
  let stopped = false;
  let detach = async (): Promise<void> => {};

  const open = async () => {
    const backend = await openBackend();
    const { slots } = backend;
    const limits = slots === undefined ? usual : { total: slots, perRunner: slots };
    const bootId = randomUUID();
    // Nothing is known of the machine, and nobody but this process calls.
    const hardware = async () => ({});
    const standing = { check: () => {}, nudge: () => {} };
    const node = await createNode({ backend, limits, hardware, bootId, standing, clock });
    const channel = createMemoryChannel();
    channel.addService(AgentService, node.agent);
    channel.addService(ModelService, node.models);
    const close = async (): Promise<void> => {
      node.feed.close();
      await backend.close();
    };
    try {
      // No agent can have this id: a colon is not allowed in theirs.
      const facts = { name, nodeId: `${kind}:${name}`, bootId, kind, agentVersion: version };
      const sameMachine = isLoopback(record.host ?? '');
      if (!stopped) detach = membership.attach({ ...facts, sameMachine, channel });
    } catch (thrown) {
      await close();
      throw thrown;
    }
    return { idle: node.idle, close };
  };

  const opening = open().catch((thrown: unknown) => {
    const { reason, message } = ClusterError.from(thrown);
    log.warn('node without an agent not started', { node: name, reason, error: message });
    onFailed();
    return undefined;
  });

  return {
    async stop(now) {
      stopped = true;
      await detach();
      const opened = await opening;
      if (!now) await opened?.idle();
      await opened?.close();
    },
  };
}
