import type { ClusterError, Clock, NodeRecord } from '@tutti/core';
import type { Cluster } from '@tutti/core/cluster';
import { AgentService } from '@tutti/proto/tutti/agent/v1/agent';
import { ModelService } from '@tutti/proto/tutti/agent/v1/model';
import type { NodeState } from '@tutti/proto/tutti/agent/v1/state';
import { createClient, type Channel, type Client } from '@tutti/rpc';
import type { Log } from '@tutti/runtime/log';
import { remoteNode } from './agent-client.ts';
import { createLease, type LeaseTimes } from './lease.ts';
import { watchAgent } from './watch-agent.ts';
import { createReportReader } from './report-reader.ts';

/** One registration of one agent process. */
export interface Registration {
  readonly nodeId: string;
  readonly bootId: string;
  readonly name: string;
  readonly epoch: number;
  readonly kind: NodeRecord['kind'];
  readonly agentVersion: string;
  /** Where it is dialled; "": it lives in this process. */
  readonly address: string;
  /** Whether text that goes there stays on this machine. */
  readonly sameMachine: boolean;
}

/** A registration, its connection, and what comes over it. */
export interface Member extends Registration {
  readonly models: Client<typeof ModelService>;
  /** Its last report, checked; undefined while it cannot be watched. */
  readonly state: NodeState | undefined;
  /** What was wrong with its reports and heartbeats. */
  readonly warnings: readonly string[];
  /** Whether its heartbeats have stopped coming. */
  readonly suspect: boolean;
  /** Why it cannot be watched; "" while it can. */
  readonly trouble: string;
  /** The last report that came, also when it cannot be watched any more. */
  readonly latest: NodeState | undefined;
  /** Whether the cluster may give it calls, as far as the connection goes. */
  readonly admitted: boolean;
  /** When its last heartbeat or report came, on the clock. */
  readonly heardAt: number;
  /** Its calls, those of its earlier registrations included. */
  readonly running: Set<AbortController>;
  /** A heartbeat: starts the lease anew, unless it came before. */
  renew(seq: number): void;
  /** Gives the node to the cluster if nothing is in the way any more. */
  admit(): void;
  /** Another registration takes its place: it gets no new calls. */
  dismiss(): void;
  /** Ends its running calls with this error. */
  cut(error: ClusterError): void;
  /** Watches it no more. Calls that run on it may end by themselves. */
  close(): Promise<void>;
}

/** What a member needs of the cluster. */
export type MemberCluster = Pick<Cluster, 'report' | 'suspend'>;

interface Options {
  readonly registration: Registration;
  /** It is closed here. */
  readonly channel: Channel;
  readonly owner: string;
  readonly cluster: MemberCluster;
  readonly clock: Clock;
  readonly log: Log;
  /** Undefined: it lives in this process and needs no heartbeats. */
  readonly leaseTimes: LeaseTimes | undefined;
  /** The calls of the registration that this one takes the place of. */
  readonly running: Set<AbortController>;
  /** Milliseconds that the node must still stay out because it comes and goes; 0: it need not. */
  readonly waitMs: () => number;
  /** It got calls, and gets none any more though nobody wanted that. */
  readonly onFell: () => void;
  /** No heartbeat for so long that the node counts as gone. */
  readonly onLost: () => void;
}

/** Of a call that names no deadline of its own. */
const deadline = { deadlineMs: 60_000 };

export function createMember(options: Options): Member {
  const { registration, channel, owner, cluster, clock, log, leaseTimes, running, waitMs, onFell, onLost } = options;
  const { name, epoch, bootId } = registration;
  const agent = createClient(channel, AgentService, deadline);
  const { generate, cut } = remoteNode(agent, { owner, epoch, bootId }, name, clock, running);
  const reports = createReportReader({ node: name, bootId, log });
  const stop = new AbortController();
  let state: NodeState | undefined;
  let lastBeat = 0;
  let suspect = false;
  let trouble = '';
  let admitted = false;
  let heardAt = clock.now();
  let stopWaiting = (): void => {};

  const lease = leaseTimes && createLease(clock, leaseTimes, { suspect: suspend, lost: onLost });
  const watching = watchAgent(agent, owner, clock, stop.signal, { begin: reports.begin, state: take, broken });

  function take(report: NodeState): void {
    const next = reports.read(report);
    if (!next) {
      if (!state) trouble = reports.warnings[0] ?? '';
      return;
    }
    if (!state) log.info('node connected', { node: name, epoch, models: next.models.length });
    const problem = next.backend?.problem ?? '';
    if (problem !== (state?.backend?.problem ?? ''))
      log.warn('backend', { node: name, problem: problem || 'none any more' });
    state = next;
    trouble = '';
    heardAt = clock.now();
    admit();
  }

  function admit(): void {
    stopWaiting();
    if (!state || suspect) return;
    const restMs = admitted ? 0 : waitMs();
    if (restMs > 0) {
      stopWaiting = clock.after(restMs, admit);
      return;
    }
    admitted = true;
    cluster.report(name, generate, state);
  }

  function dismiss(): void {
    stopWaiting();
    cluster.suspend(name);
    if (!admitted) return;
    admitted = false;
    if (!reports.latest?.draining) onFell();
  }

  function broken({ reason, message }: ClusterError): void {
    if (state) log.warn('node does not answer', { node: name, reason, error: message });
    state = undefined;
    trouble = message;
    dismiss();
  }

  function suspend(): void {
    log.warn('node suspect: no heartbeat', { node: name });
    suspect = true;
    dismiss();
  }

  return {
    ...registration,
    running,
    models: createClient(channel, ModelService, deadline),
    cut,
    admit,
    dismiss,
    get state() {
      return state;
    },
    get warnings() {
      return reports.warnings;
    },
    get suspect() {
      return suspect;
    },
    get trouble() {
      return trouble;
    },
    get latest() {
      return reports.latest;
    },
    get admitted() {
      return admitted;
    },
    get heardAt() {
      return heardAt;
    },
    renew(seq) {
      if (seq <= lastBeat) {
        reports.refuse(`A heartbeat came twice or out of order and was ignored: number ${seq} after ${lastBeat}.`);
        return;
      }
      lastBeat = seq;
      lease?.renew();
      heardAt = clock.now();
      if (!suspect) return;
      suspect = false;
      admit();
    },
    async close() {
      stopWaiting();
      lease?.stop();
      stop.abort();
      await watching;
      channel.close();
    },
  };
}
