import { ClusterError, type Call, type Clock, type Context, type Watcher } from '@tutti/core';
import { figuresOf, type Figures, type Window } from './figures.ts';
import { trackRequest, type RequestRecord } from './request-record.ts';

/** The requests that run and those that ended in the last hour. */
export interface RequestBook {
  /** Writes one request down: for `watched`. */
  watch(call: Call, context: Context): Watcher;
  /** Those that run or wait, oldest first. */
  running(): RequestRecord[];
  /** Those that ended, newest first. */
  ended(limit: number): RequestRecord[];
  over(windowMs: number): Window;
  figures(windowMs: number): Figures;
}

interface Options {
  readonly clock: Clock;
  /** Called with each request when it comes; its record goes on changing. */
  readonly onStart?: (record: RequestRecord) => void;
  /** Called with each request once it is over. */
  readonly onEnd?: (record: RequestRecord) => void;
  /** Requests that are kept once they are over; the oldest go first. */
  readonly capacity?: number;
}

const longestWindowMs = 3_600_000;
const defaultWindowMs = 60_000;

export function createRequestBook({ clock, onStart, onEnd, capacity = 20_000 }: Options): RequestBook {
  const running = new Set<RequestRecord>();
  /** A ring: the request that ended as number n is at n modulo capacity. */
  const ring: RequestRecord[] = [];
  let count = 0;

  const newest = (index: number): RequestRecord | undefined => ring[(count - 1 - index) % capacity];
  const kept = (): number => Math.min(count, capacity);

  const take = (length: number): RequestRecord[] => Array.from({ length }, (_, index) => newest(index)!);

  const over = (askedMs: number): Window => {
    const now = clock.now();
    const windowMs = Math.min(askedMs, longestWindowMs);
    let length = 0;
    while (length < kept() && now - newest(length)!.endedAt! < windowMs) length += 1;
    // Of the time before the oldest one that is kept nothing is known, once others have been dropped.
    const short = length === capacity && count > capacity;
    return { windowMs: short ? now - newest(capacity - 1)!.endedAt! : windowMs, ended: take(length) };
  };

  return {
    watch(call, context) {
      const { record, watcher } = trackRequest(call, context, clock, () => {
        running.delete(record);
        ring[count % capacity] = record;
        count += 1;
        onEnd?.(record);
      });
      running.add(record);
      onStart?.(record);
      return watcher;
    },
    running: () => [...running],
    ended: (limit) => take(Math.min(limit, kept())),
    over,
    figures: (windowMs) => figuresOf(over(windowMs)),
  };
}

/** The window that a client asks for. */
export function windowFrom(windowMs: number | undefined): number {
  if (windowMs === undefined) return defaultWindowMs;
  if (windowMs > 0 && windowMs <= longestWindowMs) return windowMs;
  throw new ClusterError(
    'invalid_request',
    `windowMs must be over 0 and at most ${longestWindowMs} (an hour), got ${windowMs}.`,
    { param: 'windowMs' },
  );
}
