import type { MessageInitShape } from '@bufbuild/protobuf';
import { isPriorityName, localPrincipal, pause, priorities, type Clock, type Principal } from '@tutti/core';
import type { Cluster, WaitingCall } from '@tutti/core/cluster';
import type { GetQueueStatusResponseSchema, QueueService } from '@tutti/proto/tutti/v1/queue';
import type { Implementation } from '@tutti/rpc';
import { hasRole } from '../access/permissions.ts';

type Status = MessageInitShape<typeof GetQueueStatusResponseSchema>;

type QueueFacts = 'paused' | 'waiting' | 'waitingCalls' | 'inFlight' | 'expectedWaitMs' | 'refused';

interface Options {
  readonly cluster: Pick<Cluster, QueueFacts | 'pause' | 'resume' | 'cancel'>;
  /** Bounds of calls that wait and of calls that run; asked anew each time. */
  readonly bounds: () => { readonly queueSize: number; readonly concurrency: number };
  readonly clock: Clock;
}

/** Of a long queue, who stands further back is not shown. */
const mostShown = 100;

/** Whoever follows is told of changes so often at most. */
const followMs = 250;

/** Shows and steers the calls that wait for a node. */
export function queueService({ cluster, bounds, clock }: Options): Implementation<typeof QueueService> {
  const outcome = () => ({ paused: cluster.paused, waiting: cluster.waiting });

  const status = (principal: Principal): Status => {
    const calls = cluster.waitingCalls;
    const { queueSize, concurrency } = bounds();
    const now = clock.now();
    return {
      ...outcome(),
      ...{ queueSize, concurrency, inFlight: cluster.inFlight },
      ...{ waitMs: cluster.expectedWaitMs, refused: cluster.refused },
      oldestMs: calls.reduce((oldest, { since }) => Math.max(oldest, now - since), 0),
      calls: calls.slice(0, mostShown).map((call) => waitingCall(shownTo(principal, call), now)),
    };
  };

  return {
    async *getQueueStatus({ follow }, { signal, principal = localPrincipal }) {
      let told = '';
      do {
        const now = status(principal);
        const said = lasting(now);
        if (said !== told) yield now;
        told = said;
        if (follow) await pause(clock, followMs, signal);
      } while (follow && !signal.aborted);
    },
    async pauseQueue() {
      cluster.pause();
      return outcome();
    },
    async resumeQueue() {
      cluster.resume();
      return outcome();
    },
    async cancelCall({ requestId }) {
      return { cancelled: cluster.cancel(requestId), waiting: cluster.waiting };
    },
  };
}

/** Of another key's call the ids are for operators: that of a run's call names its run, and so its conversation. */
function shownTo(principal: Principal, call: WaitingCall): WaitingCall {
  const mayKnow = call.key === principal.id || hasRole(principal, 'operator');
  return mayKnow ? call : { ...call, requestId: '', key: '' };
}

/** What changes by more than the passing of time. */
function lasting({ paused, inFlight, queueSize, concurrency, refused, calls = [], waiting }: Status): string {
  const places = calls.map(({ requestId, model, attempt }) => [requestId, model, attempt]);
  return JSON.stringify([paused, inFlight, queueSize, concurrency, refused, waiting, places]);
}

function waitingCall({ since, priority, etaMs, ...call }: WaitingCall, now: number) {
  const name = Object.keys(priorities).find((name) => isPriorityName(name) && priorities[name] === priority);
  return { ...call, priority: name ?? 'admin', waitingMs: now - since, ...(etaMs !== undefined && { etaMs }) };
}
