import { ClusterError, type Clock, type KeyRecord, type Principal } from '@tutti/core';
import type { Enter } from '../door.ts';
import { slidingWindow, type SlidingWindow } from './sliding-window.ts';

/** Holds each key to its requests a minute and at a time. */
export interface Limits {
  /** Counts a request in, or throws `rate_limited`; the returned function counts it out. Call that once. */
  enter(principal: Principal): () => void;
  /** How far the key is from its limit of requests, as response headers; none if it has no such limit. */
  headers(principal: Principal): Record<string, string>;
}

interface Options {
  readonly clock: Clock;
  /** The key of that id; undefined if none holds. Others than keys have no limits. */
  readonly find: (id: string) => Pick<KeyRecord, 'requestsPerMinute' | 'concurrency'> | undefined;
}

interface Meter {
  readonly lastMinute: SlidingWindow | undefined;
  running: number;
}

const minuteMs = 60_000;

/** How soon a request may end is not known: this is often enough to ask. */
const busyRetryMs = 1_000;

export function createLimits({ clock, find }: Options): Limits {
  const meters = new Map<string, Meter>();

  const meterOf = (id: string, requestsPerMinute: number | undefined): Meter => {
    const known = meters.get(id);
    if (known) return known;
    for (const other of meters.keys()) if (!find(other)) meters.delete(other);
    const lastMinute = requestsPerMinute === undefined ? undefined : slidingWindow(requestsPerMinute, minuteMs);
    const meter = { lastMinute, running: 0 };
    meters.set(id, meter);
    return meter;
  };

  return {
    enter({ id }) {
      const { requestsPerMinute, concurrency = Infinity } = find(id) ?? {};
      const meter = meterOf(id, requestsPerMinute);
      if (meter.running >= concurrency) {
        throw tooMany(`This key may run ${concurrency} requests at a time, and as many run.`, busyRetryMs);
      }
      const waitMs = meter.lastMinute?.take(clock.now()) ?? 0;
      if (waitMs > 0) throw tooMany(`This key may make ${requestsPerMinute} requests a minute.`, Math.ceil(waitMs));
      meter.running += 1;
      return () => void (meter.running -= 1);
    },
    headers({ id }) {
      const { requestsPerMinute } = find(id) ?? {};
      const { lastMinute } = meterOf(id, requestsPerMinute);
      if (!lastMinute) return {};
      const now = clock.now();
      return {
        'x-ratelimit-limit-requests': String(requestsPerMinute),
        'x-ratelimit-remaining-requests': String(lastMinute.left(now)),
        'x-ratelimit-reset-requests': `${(lastMinute.fullIn(now) / 1_000).toFixed(3)}s`,
      };
    },
  };
}

/** An entrance that holds keys to their limits before it lets them in at the next one. */
export function limited(limits: Limits, next: Enter): Enter {
  return (cancel, principal) => {
    const leaveLimits = limits.enter(principal);
    try {
      const leaveNext = next(cancel, principal);
      return () => {
        leaveNext();
        leaveLimits();
      };
    } catch (thrown) {
      leaveLimits();
      throw thrown;
    }
  };
}

function tooMany(message: string, retryAfterMs: number): ClusterError {
  return new ClusterError('rate_limited', message, { retryAfterMs });
}
