import { ClusterError, type Clock } from '@tutti/core';
import { slidingWindow, type SlidingWindow } from './sliding-window.ts';

const mostPerMinute = 10;
const minuteMs = 60_000;

/** Of more addresses than this, the one that was quiet longest is forgotten. */
const mostAddresses = 10_000;

/** Counts wrong keys by address; the returned function throws `rate_limited` for one too many. */
export function createBadKeyLimit({ clock }: { readonly clock: Clock }): (address: string) => void {
  const windows = new Map<string, SlidingWindow>();
  return (address) => {
    const window = windows.get(address) ?? slidingWindow(mostPerMinute, minuteMs);
    windows.delete(address);
    windows.set(address, window);
    if (windows.size > mostAddresses) windows.delete(windows.keys().next().value!);
    const waitMs = window.take(clock.now());
    if (waitMs === 0) return;
    throw new ClusterError('rate_limited', 'Too many wrong API keys have come from this address.', {
      retryAfterMs: Math.ceil(waitMs),
    });
  };
}
