import { isPriorityName, priorities, type Clock, type Cluster, type WaitingCall } from '@tutti/core';
import type { QueueService } from '@tutti/proto/tutti/v1/queue';
import type { Implementation } from '@tutti/rpc';

interface Options {
  readonly cluster: Pick<Cluster, 'paused' | 'pause' | 'resume' | 'waiting' | 'waitingCalls' | 'inFlight'>;
  /** Bounds of calls that wait and of calls that run; asked anew each time. */
  readonly bounds: () => { readonly queueSize: number; readonly concurrency: number };
  readonly clock: Clock;
}

/** Of a long queue, who stands further back is not shown. */
const mostShown = 100;

/** Shows and steers the calls that wait for a node. */
export function queueService({ cluster, bounds, clock }: Options): Implementation<typeof QueueService> {
  const outcome = () => ({ paused: cluster.paused, waiting: cluster.waiting });
  return {
    async getQueueStatus() {
      const calls = cluster.waitingCalls;
      const { queueSize, concurrency } = bounds();
      const now = clock.now();
      return {
        ...outcome(),
        ...{ queueSize, concurrency, inFlight: cluster.inFlight },
        oldestMs: calls.reduce((oldest, { since }) => Math.max(oldest, now - since), 0),
        calls: calls.slice(0, mostShown).map((call) => waitingCall(call, now)),
      };
    },
    async pauseQueue() {
      cluster.pause();
      return outcome();
    },
    async resumeQueue() {
      cluster.resume();
      return outcome();
    },
  };
}

function waitingCall({ since, priority, ...call }: WaitingCall, now: number) {
  const name = Object.keys(priorities).find((name) => isPriorityName(name) && priorities[name] === priority);
  return { ...call, priority: name ?? 'admin', waitingMs: now - since };
}
