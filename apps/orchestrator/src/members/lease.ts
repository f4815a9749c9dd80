import type { Clock } from '@tutti/core';

/** How long a node may be silent. */
export interface LeaseTimes {
  readonly heartbeatMs: number;
  /** Without a heartbeat for so long, a node gets no new calls. */
  readonly suspectMs: number;
  /** Without a heartbeat for so long, it is forgotten. */
  readonly lostMs: number;
}

export const defaultLeaseTimes: LeaseTimes = { heartbeatMs: 30_000, suspectMs: 45_000, lostMs: 90_000 };

interface LeaseEvents {
  suspect(): void;
  lost(): void;
}

/** Counts a node's silence from now; `renew` at each heartbeat starts it anew. */
export function createLease(clock: Clock, { suspectMs, lostMs }: LeaseTimes, events: LeaseEvents) {
  let stops: (() => void)[] = [];
  const stop = (): void => {
    for (const cancel of stops) cancel();
  };
  const renew = (): void => {
    stop();
    stops = [clock.after(suspectMs, events.suspect), clock.after(lostMs, events.lost)];
  };
  renew();
  return { renew, stop };
}
