import type { ClusterError, Clock, Cluster, Generate } from '@tutti/core';
import { AgentService } from '@tutti/proto/tutti/agent/v1/agent';
import { ModelService } from '@tutti/proto/tutti/agent/v1/model';
import type { NodeState } from '@tutti/proto/tutti/agent/v1/state';
import { createClient, type Channel, type Client } from '@tutti/rpc';
import type { Log } from '@tutti/runtime/log';
import { remoteNode } from '../agent-client.ts';
import { createLease, type LeaseTimes } from '../lease.ts';
import { watchAgent } from '../watch-agent.ts';

/** One registration of one agent process. */
export interface Registration {
  readonly nodeId: string;
  readonly bootId: string;
  readonly name: string;
  readonly epoch: number;
  readonly kind: 'agent' | 'ollama';
  readonly agentVersion: string;
}

/** A registration, its connection, and what comes over it. */
export interface Member extends Registration {
  readonly models: Client<typeof ModelService>;
  /** Its last report; undefined while it cannot be watched. */
  readonly state: NodeState | undefined;
  /** Whether its heartbeats have stopped coming. */
  readonly suspect: boolean;
  /** Why it cannot be watched; "" while it can. */
  readonly trouble: string;
  /** When its last heartbeat or report came, on the clock. */
  readonly heardAt: number;
  /** A heartbeat: starts the lease anew. */
  renew(): void;
  /** Ends its running calls with this error. */
  cut(error: ClusterError): void;
  /** Watches it no more. Calls that run on it may end by themselves. */
  close(): Promise<void>;
}

interface Options {
  readonly registration: Registration;
  /** It is closed here. */
  readonly channel: Channel;
  readonly owner: string;
  readonly cluster: Cluster;
  readonly clock: Clock;
  readonly log: Log;
  /** Undefined: it lives in this process and needs no heartbeats. */
  readonly leaseTimes: LeaseTimes | undefined;
  /** No heartbeat for so long that the node counts as gone. */
  readonly onLost: () => void;
}

/** Of a call that names no deadline of its own. */
const deadline = { deadlineMs: 60_000 };

export function createMember(options: Options): Member {
  const { registration, channel, owner, cluster, clock, log, leaseTimes, onLost } = options;
  const { name, epoch, bootId } = registration;
  const agent = createClient(channel, AgentService, deadline);
  const { generate, cut } = remoteNode(agent, { owner, epoch, bootId }, name);
  const stop = new AbortController();
  let state: NodeState | undefined;
  let suspect = false;
  let trouble = '';
  let heardAt = clock.now();

  const lease = leaseTimes && createLease(clock, leaseTimes, { suspect: suspend, lost: onLost });
  const watching = watchAgent(agent, owner, clock, stop.signal, { state: take, broken });

  function take(next: NodeState): void {
    if (!state) log.info('node connected', { node: name, epoch, models: next.models.length });
    const problem = next.backend?.problem ?? '';
    if (problem !== (state?.backend?.problem ?? ''))
      log.warn('backend', { node: name, problem: problem || 'none any more' });
    state = next;
    trouble = '';
    heardAt = clock.now();
    report(generate);
  }

  function report(generate: Generate): void {
    if (state && !suspect) cluster.report(name, generate, state);
  }

  function broken({ reason, message }: ClusterError): void {
    if (state) log.warn('node does not answer', { node: name, reason, error: message });
    state = undefined;
    trouble = message;
    cluster.suspend(name);
  }

  function suspend(): void {
    log.warn('node suspect: no heartbeat', { node: name });
    suspect = true;
    cluster.suspend(name);
  }

  return {
    ...registration,
    models: createClient(channel, ModelService, deadline),
    cut,
    get state() {
      return state;
    },
    get suspect() {
      return suspect;
    },
    get trouble() {
      return trouble;
    },
    get heardAt() {
      return heardAt;
    },
    renew() {
      lease?.renew();
      heardAt = clock.now();
      if (!suspect) return;
      suspect = false;
      report(generate);
    },
    async close() {
      lease?.stop();
      stop.abort();
      await watching;
      channel.close();
    },
  };
}
